//! The data of an experiment.

use super::images::Images;
use super::text::{Corpus, EncodedText};
use crate::support::error::Result;

/// The data for each kind of experiment.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Data for experiments without training.
    pub text: Option<Input>,
    /// Data for training.
    pub training: Option<Input>,
}

/// The data of a task.
#[derive(Debug)]
pub enum Input {
    /// A whole text by characters.
    Text(EncodedText),
    /// A text in splits, by characters or words.
    Corpus(Corpus),
    /// Images.
    Images(Images),
}

impl Inputs {
    /// The data for training, or for experiments without training.
    pub fn of(&self, training: bool) -> Option<&Input> {
        if training { self.training.as_ref() } else { self.text.as_ref() }
    }
}

impl Input {
    /// SHA-256 of the text or the images.
    pub fn sha256(&self) -> &str {
        match self {
            Input::Text(text) => &text.sha256,
            Input::Corpus(corpus) => &corpus.sha256,
            Input::Images(images) => &images.sha256,
        }
    }

    /// The name for a reader.
    pub fn title(&self) -> String {
        match self {
            Input::Text(text) => text.name.clone(),
            Input::Corpus(corpus) => corpus.title(),
            Input::Images(images) => images.name.clone(),
        }
    }

    /// Number of features of a one-hot symbol or of a pixel.
    pub fn features(&self) -> usize {
        match self {
            Input::Text(text) => text.vocabulary_size,
            Input::Corpus(corpus) => corpus.symbols.len(),
            Input::Images(_) => 1,
        }
    }

    /// Number of classes of an output: the symbols of a text or the classes of images.
    pub fn classes(&self) -> usize {
        match self {
            Input::Images(images) => images.classes,
            Input::Text(_) | Input::Corpus(_) => self.features(),
        }
    }

    /// Steps of a sequence, if the data determine them.
    pub fn steps(&self) -> Option<usize> {
        match self {
            Input::Images(images) => Some(images.height * images.width),
            Input::Text(_) | Input::Corpus(_) => None,
        }
    }

    /// Checks that every split has data for a batch of B sequences of T steps. `apart` is true if the
    /// sequences are independent excerpts.
    ///
    /// # Errors
    /// [`crate::support::error::Error::Data`] if a split has less data.
    pub fn holds(&self, steps: usize, batch: usize, apart: bool) -> Result<()> {
        match self {
            Input::Text(text) => text.require(steps + 1),
            Input::Corpus(corpus) => corpus.require(if apart { steps + 1 } else { steps * batch + 1 }),
            Input::Images(_) => Ok(()),
        }
    }
}
