//! CSV files of rows with settings: the columns of the row itself, then those of the settings.
//!
//! A setting that the row has a column of its own for, such as the engine of a timing sample, is left out.

use std::path::Path;

use serde::de::value::Error as NoValue;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

use super::schema::Row;
use crate::settings::names::ExperimentKind;
use crate::settings::{FIELDS, Field, Settings};
use crate::support::error::{Error, Result};
use crate::support::file::write_atomic_with;

/// Writes a table, complete or not at all: groups of rows with the same settings.
///
/// # Errors
/// The first error among the rows, which leaves an existing file unchanged; the disk is full or gone.
pub fn write<'a, R, I>(path: &Path, groups: impl IntoIterator<Item = (&'a Settings, I)>) -> Result<()>
where
    R: Row,
    I: IntoIterator<Item = Result<R>>,
{
    write_atomic_with(path, |file| {
        let io = |error| Error::csv("write", path)(error);
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(file);
        let header = columns::<R>().iter().copied().chain(fields::<R>().map(|field| field.name));
        writer.write_record(header).map_err(io)?;
        for (settings, rows) in groups {
            let values: Vec<String> =
                fields::<R>().map(|field| field.get(settings).unwrap_or_default()).collect();
            for row in rows {
                writer.serialize((row?, &values)).map_err(io)?;
            }
        }
        writer.flush().map_err(Error::io("write", path))
    })
}

/// Reads a table with its settings.
///
/// # Errors
/// The file does not exist or lacks a column; a value is none of its column. The error names the line.
pub fn read<R: Row>(path: &Path) -> Result<Vec<(Settings, R)>> {
    let io = |error| Error::csv("read", path)(error);
    let mut reader = csv::Reader::from_path(path).map_err(io)?;
    let header = reader.headers().map_err(io)?.clone();
    let column = |field: &Field| header.iter().position(|name| name == field.name);
    let places: Vec<_> = fields::<R>().map(|field| (field, column(field))).collect();
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(io)?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut settings = Settings::blank(ExperimentKind::Gradients);
        for (field, column) in &places {
            let value = column.and_then(|column| record.get(column));
            // Results are older than some settings, which those runs did not have.
            let set = field.set(&mut settings, value.unwrap_or_default());
            let set = set.map_err(|problem| match value {
                Some(_) => problem,
                None => "expected a column of that name, found none".to_string(),
            });
            let place = |problem| Error::data(path, format!("line {line}: `{}`: {problem}", field.name));
            set.map_err(place)?;
        }
        lines.push((settings, record.deserialize(Some(&header)).map_err(io)?));
    }
    Ok(lines)
}

/// The settings that a file of rows `R` has columns for. Only rows of a run have a seed.
fn fields<R: Row>() -> impl Iterator<Item = &'static Field> {
    let own = columns::<R>();
    let is_of_run = own.contains(&"run_id");
    FIELDS.iter().filter(move |field| !own.contains(&field.name) && (is_of_run || field.name != "seed"))
}

/// The names of the columns of the row itself: the fields of the struct.
pub fn columns<R: Row>() -> &'static [&'static str] {
    let mut names: &[&str] = &[];
    // The derived code names its fields before it asks for the first value.
    let _ = R::deserialize(FieldNames(&mut names));
    names
}

/// Takes the names of a struct's fields, and has no values.
struct FieldNames<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = NoValue;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, NoValue> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> std::result::Result<V::Value, NoValue> {
        Err(NoValue::custom("no values"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::super::fixtures::{sample, settings};
    use super::super::schema::{GradientRow, SpeedRow};
    use super::*;
    use crate::support::file::rows;

    #[test]
    fn write_rows_read_back_with_their_settings() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("speed.csv");
        let short = Settings { learning_rate: Some(0.1), ..settings(4) };
        let long = settings(8);
        write(
            &path,
            [
                (&short, vec![Ok(sample("a", 0.1 + 0.2)), Ok(sample("a", 1e-9))]),
                (&long, vec![Ok(sample("a", 2.0))]),
            ],
        )
        .unwrap();
        let expected =
            [(short.clone(), sample("a", 0.1 + 0.2)), (short, sample("a", 1e-9)), (long, sample("a", 2.0))];
        assert_eq!(read::<SpeedRow>(&path).unwrap(), expected);
        let header = fs::read_to_string(&path).unwrap().lines().next().unwrap().to_string();
        assert!(header.starts_with("run_id,engine,isa,pass,process,round,control,seconds,"), "{header}");
        assert_eq!(header.matches("engine").count(), 1, "{header}");
    }

    #[test]
    fn write_no_rows_is_a_header() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("speed.csv");
        write(&path, std::iter::empty::<(&Settings, [Result<SpeedRow>; 0])>()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
        assert!(read::<SpeedRow>(&path).unwrap().is_empty());
    }

    #[test]
    fn write_unreadable_row_keeps_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let (bad, out) = (dir.path().join("bad.csv"), dir.path().join("out.csv"));
        let header = "run_id,engine,pass,process,round,control,seconds\n";
        fs::write(&bad, format!("{header}a,fused,train,0,0,false,1.5\na,fused,train,0,0,false,many\n"))
            .unwrap();
        fs::write(&out, "old").unwrap();
        let gather = || write(&out, [(&settings(4), rows::<SpeedRow>(&bad).unwrap())]);
        let message = gather().unwrap_err().to_string();
        assert!(message.contains("bad.csv") && message.contains("line: 3"), "{message}");
        assert_eq!(fs::read_to_string(&out).unwrap(), "old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary file remains");
    }

    #[test]
    fn read_wrong_or_missing_setting_names_line_and_column() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("speed.csv");
        write(&path, [(&settings(4), [Ok(sample("a", 1.0))])]).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let message = |from: &str, to: &str| {
            fs::write(&path, text.replace(from, to)).unwrap();
            read::<SpeedRow>(&path).unwrap_err().to_string()
        };
        let wrong = message(",3,,4,", ",3,,many,");
        assert!(wrong.contains("line 2: `seq_len`: expected a whole number"), "{wrong}");
        let missing = message(",dtype", ",type");
        assert!(missing.contains("line 2: `dtype`: expected a column of that name"), "{missing}");
        fs::write(&path, text.replace(",dropout", ",older")).unwrap();
        assert_eq!(read::<SpeedRow>(&path).unwrap(), [(settings(4), sample("a", 1.0))]);
    }

    #[test]
    fn read_gradients_of_before_there_were_directions_have_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gradients.csv");
        let row =
            GradientRow { quantity: "total_h".into(), t: 3, log10_norm: Some(-1.5), ..Default::default() };
        write(&path, [(&settings(4), [Ok(row.clone())])]).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let older = text.replacen(",layer,direction,", ",layer,", 1).replacen("total_h,0,,", "total_h,0,", 1);
        assert_eq!(text.len() - older.len(), ",direction".len() + 1);
        fs::write(&path, older).unwrap();
        assert_eq!(read::<GradientRow>(&path).unwrap(), [(settings(4), row)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn write_any_numbers_and_texts_read_back_as_themselves(
            norm in prop::option::of(any::<f64>().prop_filter("finite", |x| x.is_finite())),
            learning_rate in prop::option::of(1e-300f64..1e300),
            task in "[ -~é\n\"]{1,20}",
            step in prop::option::of(any::<usize>()),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("gradients.csv");
            let settings = Settings { task, learning_rate, ..settings(4) };
            let row = GradientRow { run_id: "a".into(), log10_norm: norm, step, ..GradientRow::default() };
            write(&path, [(&settings, [Ok(row.clone())])]).unwrap();
            prop_assert_eq!(read::<GradientRow>(&path).unwrap(), [(settings, row)]);
        }
    }
}
