//! Images pixel by pixel, row after row or in one fixed random order (Le et al. 2015, section 4.2): the class after the last.

use rand::seq::SliceRandom;
use tch::Tensor;

use super::shuffle::Shuffle;
use super::{Batch, Chance, Frame, Read, Source, Split, Target, Task};
use crate::data::{ImageSplit, Images};
use crate::random::{self, Purpose};

/// The last of this many training images are the split `valid`.
const VALID_SHARE: usize = 10;

/// See the module.
pub struct PixelByPixel<'a> {
    images: &'a Images,
    /// Which pixel is read at each step.
    order: Vec<usize>,
    /// How many of the training images are the split `train`; the others are the split `valid`.
    learned: usize,
    shuffle: Shuffle,
    frame: Frame,
}

impl<'a> PixelByPixel<'a> {
    pub(super) fn new(images: &'a Images, permuted: bool, frame: Frame) -> PixelByPixel<'a> {
        let mut order: Vec<usize> = (0..images.height * images.width).collect();
        if permuted {
            // One order for all seeds: it is part of the task.
            order.shuffle(&mut random::stream(0, Purpose::Pixels));
        }
        let learned = images.train.len() - images.train.len() / VALID_SHARE;
        let shuffle = Shuffle::new(frame.learned(learned), frame.batch, frame.seed);
        PixelByPixel { images, order, learned, shuffle, frame }
    }

    fn batch(&self, split: &ImageSplit, items: &[usize]) -> Batch {
        let Frame { kind, on, .. } = self.frame;
        let (steps, batch) = (self.order.len(), items.len());
        let mut pixels = Vec::with_capacity(steps * batch);
        for place in &self.order {
            pixels.extend(items.iter().map(|item| split.pixels[item * steps + place]));
        }
        let classes: Vec<i64> = items.iter().map(|item| i64::from(split.labels[*item])).collect();
        let input = Tensor::from_slice(&pixels).reshape([steps as i64, batch as i64, 1]).to_device(on);
        Batch {
            input: input.to_kind(kind) / f64::from(self.images.max),
            target: Target::Classes(Tensor::from_slice(&classes).reshape([1, batch as i64]).to_device(on)),
            continues: false,
        }
    }

    /// The images of a held-out split and the number of the first.
    fn held(&self, split: Split) -> (&ImageSplit, usize, usize) {
        let (images, from) = match split {
            Split::Test => (&self.images.test, 0),
            Split::Valid | Split::Train => (&self.images.train, self.learned),
        };
        (images, from, (images.len() - from).min(self.frame.held_out))
    }
}

impl Source for PixelByPixel<'_> {
    fn train(&self, step: usize) -> Batch {
        self.batch(&self.images.train, &self.shuffle.items(step))
    }

    fn held_out_count(&self, split: Split) -> usize {
        self.held(split).2.div_ceil(self.frame.batch)
    }

    fn held_out(&self, split: Split, batch: usize) -> Batch {
        let (images, from, count) = self.held(split);
        let first = batch * self.frame.batch;
        let items: Vec<usize> = (first..(first + self.frame.batch).min(count)).map(|n| from + n).collect();
        self.batch(images, &items)
    }

    fn steps_per_epoch(&self) -> Option<usize> {
        Some(self.shuffle.batches())
    }
}

impl Task for PixelByPixel<'_> {
    fn read(&self) -> Read {
        Read::Numbers(1)
    }

    fn outputs(&self) -> i64 {
        self.images.classes as i64
    }

    fn chance(&self, _split: Split) -> Chance {
        let classes = self.images.classes as f64;
        Chance { loss: classes.ln(), accuracy: Some(1.0 / classes) }
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::device::cpu;

    const MAX: u8 = 60;

    /// Ten images of 2 × 2 to learn from and three to be judged by, no two pixels alike.
    fn images() -> Images {
        let split = |numbers: std::ops::Range<u8>| ImageSplit {
            pixels: numbers.clone().collect(),
            labels: numbers.step_by(4).map(|number| number / 4 % 3).collect(),
        };
        Images {
            name: "small".into(),
            height: 2,
            width: 2,
            classes: 3,
            max: MAX,
            train: split(0..40),
            test: split(40..52),
            sha256: String::new(),
        }
    }

    fn task(images: &Images, permuted: bool, seed: u64) -> PixelByPixel<'_> {
        let (kind, on) = (Kind::Double, cpu());
        let frame = Frame { steps: 4, batch: 2, held_out: 100, share: 1.0, seed, kind, on };
        PixelByPixel::new(images, permuted, frame)
    }

    /// Each image of a batch: its pixels in the order in which they are read, and its class.
    fn read(batch: Batch) -> Vec<(Vec<f64>, i64)> {
        let Batch { input, target: Target::Classes(target), .. } = batch else { panic!("a class") };
        let size = input.size();
        assert_eq!([size[0], size[2]], [4, 1]);
        assert_eq!(target.size(), [1, size[1]]);
        let image =
            |b| (Vec::try_from(input.select(2, 0).select(1, b)).unwrap(), target.int64_value(&[0, b]));
        (0..size[1]).map(image).collect()
    }

    /// The image whose first pixel is 4n, read in that order.
    fn image(n: usize, order: [usize; 4]) -> (Vec<f64>, i64) {
        (order.map(|place| (4 * n + place) as f64 / f64::from(MAX)).to_vec(), n as i64 % 3)
    }

    #[test]
    fn pixels_are_read_row_by_row_as_shares_of_the_largest() {
        let images = images();
        let task = task(&images, false, 1);
        let rows = [0, 1, 2, 3];
        assert_eq!(task.held_out_count(Split::Test), 2);
        assert_eq!(read(task.held_out(Split::Test, 0)), [image(10, rows), image(11, rows)]);
        assert_eq!(read(task.held_out(Split::Test, 1)), [image(12, rows)]);
        // The last tenth of what is to be learned from is held out.
        assert_eq!(task.held_out_count(Split::Valid), 1);
        assert_eq!(read(task.held_out(Split::Valid, 0)), [image(9, rows)]);
        for seen in (0..4).flat_map(|step| read(task.train(step))) {
            assert!((0..9).any(|n| seen == image(n, rows)), "{seen:?}");
        }
    }

    #[test]
    fn permuted_pixels_come_in_one_other_order_whatever_the_seed() {
        let images = images();
        let task_of = |seed| task(&images, true, seed);
        let first = read(task_of(1).held_out(Split::Test, 0)).remove(0).0;
        let order = [0, 1, 2, 3].map(|t: usize| (first[t] * f64::from(MAX)).round() as usize - 40);
        assert_ne!(order, [0, 1, 2, 3]);
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3], "each pixel once");
        for seed in [1, 2] {
            let task = task_of(seed);
            assert_eq!(read(task.held_out(Split::Test, 1)), [image(12, order)]);
            for seen in read(task.train(0)) {
                assert!((0..9).any(|n| seen == image(n, order)), "{seen:?}");
            }
        }
    }
}
