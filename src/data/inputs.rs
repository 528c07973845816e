//! The data that an experiment's kinds need, loaded once.

use super::{Corpus, EncodedText, Images};
use crate::support::error::Result;

/// What is there for each kind.
#[derive(Debug, Default)]
pub struct Inputs {
    /// For what is measured without training.
    pub text: Option<Input>,
    /// For training.
    pub training: Option<Input>,
}

/// Data of one form.
#[derive(Debug)]
pub enum Input {
    /// A text by its characters, whole.
    Text(EncodedText),
    /// A text in splits, by characters or words.
    Corpus(Corpus),
    /// Images.
    Images(Images),
}

impl Inputs {
    /// The data for training, or for what is measured without.
    pub fn of(&self, training: bool) -> Option<&Input> {
        if training { self.training.as_ref() } else { self.text.as_ref() }
    }
}

impl Input {
    /// SHA-256 of what is used.
    pub fn sha256(&self) -> &str {
        match self {
            Input::Text(text) => &text.sha256,
            Input::Corpus(corpus) => &corpus.sha256,
            Input::Images(images) => &images.sha256,
        }
    }

    /// Name and form, for a reader.
    pub fn title(&self) -> String {
        match self {
            Input::Text(text) => text.name.clone(),
            Input::Corpus(corpus) => corpus.title(),
            Input::Images(images) => images.name.clone(),
        }
    }

    /// Features of a one-hot symbol, or of a pixel.
    pub fn features(&self) -> usize {
        match self {
            Input::Text(text) => text.vocabulary_size,
            Input::Corpus(corpus) => corpus.symbols.len(),
            Input::Images(_) => 1,
        }
    }

    /// Classes that an answer tells apart: the symbols of a text, the classes of images.
    pub fn classes(&self) -> usize {
        match self {
            Input::Images(images) => images.classes,
            Input::Text(_) | Input::Corpus(_) => self.features(),
        }
    }

    /// Steps of a sequence, where the data say so.
    pub fn steps(&self) -> Option<usize> {
        match self {
            Input::Images(images) => Some(images.height * images.width),
            Input::Text(_) | Input::Corpus(_) => None,
        }
    }

    /// Whether there is data for one batch of B sequences of T steps in every split; `apart` where excerpts are
    /// drawn each on its own.
    ///
    /// # Errors
    /// [`crate::support::error::Error::Data`] where there is less.
    pub fn holds(&self, steps: usize, batch: usize, apart: bool) -> Result<()> {
        match self {
            Input::Text(text) => text.require(steps + 1),
            Input::Corpus(corpus) => corpus.require(if apart { steps + 1 } else { steps * batch + 1 }),
            Input::Images(_) => Ok(()),
        }
    }
}
