//! Images pixel by pixel, in rows or in one fixed random order (Le et al. 2015, section 4.2).
//!
//! The target after the last pixel is the class.

use rand::seq::SliceRandom;
use tch::Tensor;

use super::options::BatchOptions;
use super::shuffle::Shuffle;
use super::task::{Batch, BatchSource, Target, Task};
use super::unigram::log_frequencies;
use crate::data::{ImageSplit, Images, Split};
use crate::model::InputSpec;
use crate::random::{self, Purpose};

/// One in this many training images, from the end, belongs to the split `valid`.
const VALID_DIVISOR: usize = 10;

/// Images pixel by pixel.
pub struct PixelByPixel<'a> {
    images: &'a Images,
    /// The pixel at each step.
    order: Vec<usize>,
    /// The number of training images in the split `train`; the others are the split `valid`.
    train_count: usize,
    shuffle: Shuffle,
    options: BatchOptions,
}

impl<'a> PixelByPixel<'a> {
    pub fn new(images: &'a Images, permuted: bool, options: BatchOptions) -> PixelByPixel<'a> {
        let mut order: Vec<usize> = (0..images.height * images.width).collect();
        if permuted {
            // One order for all seeds: it is part of the task.
            order.shuffle(&mut random::stream(0, Purpose::Pixels));
        }
        let train_count = images.train.len() - images.train.len() / VALID_DIVISOR;
        let shuffle = Shuffle::new(options.used(train_count), options.batch, options.seed);
        PixelByPixel { images, order, train_count, shuffle, options }
    }

    fn batch(&self, split: &ImageSplit, items: &[usize]) -> Batch {
        let BatchOptions { kind, device, .. } = self.options;
        let (steps, batch) = (self.order.len(), items.len());
        let mut pixels = Vec::with_capacity(steps * batch);
        for pixel in &self.order {
            pixels.extend(items.iter().map(|item| split.pixels[item * steps + pixel]));
        }
        let classes: Vec<i64> = items.iter().map(|item| i64::from(split.labels[*item])).collect();
        let input = Tensor::from_slice(&pixels).reshape([steps as i64, batch as i64, 1]).to_device(device);
        Batch {
            input: input.to_kind(kind) / f64::from(self.images.max),
            target: Target::Classes(
                Tensor::from_slice(&classes).reshape([1, batch as i64]).to_device(device),
            ),
            continues: false,
        }
    }

    /// The images of a held-out split, the index of the first and their number.
    fn held_out_images(&self, split: Split) -> (&ImageSplit, usize, usize) {
        let (images, start) = match split {
            Split::Test => (&self.images.test, 0),
            Split::Valid | Split::Train => (&self.images.train, self.train_count),
        };
        (images, start, (images.len() - start).min(self.options.held_out))
    }
}

impl BatchSource for PixelByPixel<'_> {
    fn train(&self, step: usize) -> Batch {
        self.batch(&self.images.train, &self.shuffle.items(step))
    }

    fn held_out_count(&self, split: Split) -> usize {
        self.held_out_images(split).2.div_ceil(self.options.batch)
    }

    fn held_out(&self, split: Split, batch: usize) -> Batch {
        let (images, start, count) = self.held_out_images(split);
        let first = batch * self.options.batch;
        let items: Vec<usize> = (first..(first + self.options.batch).min(count)).map(|n| start + n).collect();
        self.batch(images, &items)
    }

    fn steps_per_epoch(&self) -> Option<usize> {
        Some(self.shuffle.batches())
    }
}

impl Task for PixelByPixel<'_> {
    fn input(&self) -> InputSpec {
        InputSpec::Numbers(1)
    }

    fn outputs(&self) -> i64 {
        self.images.classes as i64
    }

    /// The frequencies of the classes among the training images.
    fn constant_output(&self) -> Tensor {
        let labels = self.images.train.labels[..self.train_count].iter().map(|label| usize::from(*label));
        log_frequencies(labels, self.images.classes, self.options.device)
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::task::learning::fixtures;

    const MAX: u8 = 60;

    /// Ten training and three test images of 2 × 2 pixels, all pixels different.
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
        let options = BatchOptions { held_out: 100, seed, ..fixtures::options(4, 2, Kind::Double) };
        PixelByPixel::new(images, permuted, options)
    }

    /// The pixels of each image of a batch, in their order over the steps, and its class.
    fn images_of(batch: Batch) -> Vec<(Vec<f64>, i64)> {
        let Batch { input, target: Target::Classes(target), .. } = batch else { panic!("a class") };
        let size = input.size();
        assert_eq!([size[0], size[2]], [4, 1]);
        assert_eq!(target.size(), [1, size[1]]);
        let image =
            |b| (Vec::try_from(input.select(2, 0).select(1, b)).unwrap(), target.int64_value(&[0, b]));
        (0..size[1]).map(image).collect()
    }

    /// The pixels of image n in the given order, and its class.
    fn image(n: usize, order: [usize; 4]) -> (Vec<f64>, i64) {
        (order.map(|pixel| (4 * n + pixel) as f64 / f64::from(MAX)).to_vec(), n as i64 % 3)
    }

    #[test]
    fn pixel_by_pixel_images_are_read_in_rows_as_shares_of_the_maximum() {
        let images = images();
        let task = task(&images, false, 1);
        let rows = [0, 1, 2, 3];
        assert_eq!(task.held_out_count(Split::Test), 2);
        assert_eq!(images_of(task.held_out(Split::Test, 0)), [image(10, rows), image(11, rows)]);
        assert_eq!(images_of(task.held_out(Split::Test, 1)), [image(12, rows)]);
        // The last tenth of the training images is the split `valid`.
        assert_eq!(task.held_out_count(Split::Valid), 1);
        assert_eq!(images_of(task.held_out(Split::Valid, 0)), [image(9, rows)]);
        for seen in (0..4).flat_map(|step| images_of(task.train(step))) {
            assert!((0..9).any(|n| seen == image(n, rows)), "{seen:?}");
        }
    }

    #[test]
    fn permuted_images_have_one_pixel_order_for_all_seeds() {
        let images = images();
        let task_of = |seed| task(&images, true, seed);
        let first = images_of(task_of(1).held_out(Split::Test, 0)).remove(0).0;
        let order = [0, 1, 2, 3].map(|t: usize| (first[t] * f64::from(MAX)).round() as usize - 40);
        assert_ne!(order, [0, 1, 2, 3]);
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3], "each pixel once");
        for seed in [1, 2] {
            let task = task_of(seed);
            assert_eq!(images_of(task.held_out(Split::Test, 1)), [image(12, order)]);
            for seen in images_of(task.train(0)) {
                assert!((0..9).any(|n| seen == image(n, order)), "{seen:?}");
            }
        }
    }
}
