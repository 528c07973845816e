//! The constants of sigmoid and tanh for each type of number.

/// The constants of sigmoid and tanh at the precision of a type of number.
pub trait Coefficients: Sized + 'static {
    /// log₂ e.
    const LOG2_E: Self;
    /// ln 2 as a sum of two terms. The first has so few bits that its product with n is exact.
    const LN_2: [Self; 2];
    /// 1/k! for k = K … 2. The later terms of the series of (eʳ − 1 − r) / r² are below one rounding of
    /// eʳ − 1 for |r| ≤ ln 2 / 2.
    const TAYLOR: &'static [Self];
    /// A bound b so that e⁻ˣ is negligible beside 1 for x ≥ b, and is infinite for x ≤ −b.
    const SIGMOID_BOUND: Self;
    /// A bound b so that tanh x is 1 after rounding for x ≥ b.
    const TANH_BOUND: Self;
    /// The magnitude below which tanh is computed as x + x³·p(x²).
    const TANH_NEAR: Self;
    /// The coefficients of p, the highest power first.
    ///
    /// p interpolates (tanh x / x − 1) / x² at the Chebyshev nodes of 0 … NEAR².
    const TANH: &'static [Self];
}

impl Coefficients for f32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    // The first omitted term is below 1e-8 of the result.
    const TAYLOR: &'static [f32] = &[1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5];
    const SIGMOID_BOUND: f32 = 104.0;
    const TANH_BOUND: f32 = 10.0;
    const TANH_NEAR: f32 = 0.625;
    // The error of tanh is 2e-8.
    const TANH: &'static [f32] = &[-0.006_096_714, 0.020_997_18, -0.053_850_908, 0.133_327_7, -0.333_333_28];
}

impl Coefficients for f64 {
    const LOG2_E: f64 = std::f64::consts::LOG2_E;
    // The first term has 32 significant bits.
    const LN_2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];
    // The first omitted term is below 2e-17 of the result.
    const TAYLOR: &'static [f64] = &[
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
    ];
    const SIGMOID_BOUND: f64 = 746.0;
    const TANH_BOUND: f64 = 20.0;
    const TANH_NEAR: f64 = 0.625;
    // The error of tanh is 1e-17.
    const TANH: &'static [f64] = &[
        6.485_163_482_793_113e-6,
        -3.120_110_142_579_74e-5,
        9.257_116_129_556_769e-5,
        -2.375_906_496_055_562e-4,
        5.896_606_577_757_043e-4,
        -1.455_775_412_047_805_5e-3,
        3.592_121_751_154_962_2e-3,
        -8.863_235_103_240_878e-3,
        0.021_869_488_519_008_305,
        -0.053_968_253_967_896_99,
        0.133_333_333_333_330_42,
        -0.333_333_333_333_333_3,
    ];
}
