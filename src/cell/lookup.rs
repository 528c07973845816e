//! The map from the name of a cell to its equations.

use super::antisymmetric_rnn::AntisymmetricRnn;
use super::cifg::Cifg;
use super::cornn::CoRnn;
use super::gru::Gru;
use super::gru_reset_before::GruResetBefore;
use super::indrnn::IndRnn;
use super::janet::Janet;
use super::lru::Lru;
use super::lstm::Lstm;
use super::lstm_layernorm::LstmLayernorm;
use super::lstm_peephole::LstmPeephole;
use super::lstm_projected::LstmProjected;
use super::mgu::Mgu;
use super::mingru::MinGru;
use super::minlstm::MinLstm;
use super::name::CellName;
use super::relu_rnn::ReluRnn;
use super::rnn::Rnn;
use super::slstm::Slstm;
use super::step::Cell;

/// Returns the equations of a cell.
pub fn cell(name: CellName) -> &'static dyn Cell {
    match name {
        CellName::Rnn => &Rnn,
        CellName::Lstm => &Lstm,
        CellName::Gru => &Gru,
        CellName::ReluRnn => &ReluRnn,
        CellName::GruResetBefore => &GruResetBefore,
        CellName::LstmPeephole => &LstmPeephole,
        CellName::LstmLayernorm => &LstmLayernorm,
        CellName::LstmProjected => &LstmProjected,
        CellName::Cifg => &Cifg,
        CellName::Janet => &Janet,
        CellName::Mgu => &Mgu,
        CellName::IndRnn => &IndRnn,
        CellName::AntisymmetricRnn => &AntisymmetricRnn,
        CellName::CoRnn => &CoRnn,
        CellName::Slstm => &Slstm,
        CellName::MinLstm => &MinLstm,
        CellName::MinGru => &MinGru,
        CellName::Lru => &Lru,
    }
}
