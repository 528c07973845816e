//! A macro for operations that are one intrinsic.

/// Defines methods of [`Vector`](super::Vector) that call one intrinsic on vectors of type `$v`.
macro_rules! intrinsics {
    ($v:ty: $($name:ident($($operand:ident),+) = $intrinsic:ident;)+) => {
        $(
            #[inline(always)]
            fn $name(self, $($operand: $v),+) -> $v {
                // SAFETY: `self` is the proof that the processor has the instruction.
                unsafe { $intrinsic($($operand),+) }
            }
        )+
    };
}
pub(super) use intrinsics;
