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
