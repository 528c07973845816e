//! The texts that trained language models wrote: a row per grid point.

use super::markdown_table::{Captioned, MarkdownTable, escaped};
use super::settings::{cells, columns, header};
use crate::report::format::in_one_line;
use crate::report::group::first_text;
use crate::report::load::{GridPoint, Results};
use crate::results::schema::SampleRow;
use crate::settings::Settings;
use crate::settings::names::ExperimentKind;

const CAPTION: &str = "The beginning of the text that the first run of each setting writes, with the \
                       parameters that were best on the split valid and a temperature of 1. A slash is the \
                       end of a line. `samples.csv` has the texts of all runs, and `lstm-lab sample` writes \
                       more.";

/// The table; none without texts.
pub fn table(results: &Results, samples: &[SampleRow]) -> Option<Captioned> {
    let text = |point| Some((point, first_text(samples, point)?));
    let found: Vec<(&GridPoint, &SampleRow)> =
        results.of_kind(ExperimentKind::Training).filter_map(text).collect();
    let settings: Vec<&Settings> = found.iter().map(|(point, _)| &point.settings).collect();
    let settings = columns(settings.into_iter());
    let row = |(point, sample): &(&GridPoint, &SampleRow)| {
        cells(&settings, &point.settings).into_iter().chain([escaped(&in_one_line(&sample.text))]).collect()
    };
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    (!rows.is_empty()).then(|| Captioned {
        title: "Texts".to_string(),
        caption: CAPTION.to_string(),
        table: MarkdownTable {
            header: header(&settings).into_iter().chain(["text".to_string()]).collect(),
            rows,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{results, training, written};

    #[test]
    fn table_has_the_text_of_the_first_run_as_plain_text() {
        let results = results([training("a", 1), training("b", 2)]);
        let found = table(&results, &[written("b", "second"), written("a", "*To be*,\n<b>or")]).unwrap();
        let last: Vec<&str> = found.table.rows.iter().map(|row| row.last().unwrap().as_str()).collect();
        assert_eq!(last, ["\\*To be\\*, / &lt;b&gt;or"]);
        assert!(table(&results, &[]).is_none());
    }
}
