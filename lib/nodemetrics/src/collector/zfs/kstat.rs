//! The forms of ZFS's files.

use edctl_exposition::Value;

use crate::reading::error::CollectError;
use crate::reading::kernel_file::Text;
use crate::reading::number::Number;

/// A name, and its number.
pub(super) type Field = (String, Value);

/// The types of numbers of 64 bits.
const SIGNED: &str = "3";
const UNSIGNED: &str = "4";

/// `hits  4  5190338` in each line below `name type data`.
pub(super) fn parse_named(text: Text<'_>) -> Result<Vec<Field>, CollectError> {
    let mut fields = Vec::new();
    for (number, name, kind, data) in rows(text)? {
        let value = match kind {
            UNSIGNED => text.number(number, Some(data)).map(Value::U64),
            SIGNED => text.number(number, Some(data)).map(Value::I64),
            other => {
                // Another type is not a number of 64 bits.
                text.known(number, "expected a type", u32::take(other));
                continue;
            }
        };
        fields.extend(value.map(|value| (name.to_owned(), value)));
    }
    Ok(fields)
}

/// As above, of a dataset, whose name is one of the lines.
pub(super) fn parse_dataset(text: Text<'_>) -> Result<(String, Vec<Field>), CollectError> {
    let dataset = rows(text)?.find(|(_, name, _, _)| *name == "dataset_name");
    let (_, _, _, dataset) = dataset.ok_or_else(|| text.wrong(1, "expected a dataset's name"))?;
    Ok((dataset.to_owned(), parse_named(text)?))
}

/// A line of names that begins with `nread`, and one of numbers.
pub(super) fn parse_io(text: Text<'_>) -> Result<Vec<Field>, CollectError> {
    let mut lines = text.lines().skip_while(|(_, line)| !line.starts_with("nread"));
    let names: Vec<&str> =
        lines.next().map(|(_, line)| line.split_ascii_whitespace().collect()).unwrap_or_default();
    let is_row = |line: &str| line.split_ascii_whitespace().count() == names.len();
    let row = lines.find(|(_, line)| !names.is_empty() && is_row(line));
    let expected = "expected a line of names and one of as many numbers";
    let (number, row) = row.ok_or_else(|| text.wrong(1, expected))?;
    let fields = names.into_iter().zip(row.split_ascii_whitespace());
    let known = fields.filter_map(|(name, word)| {
        Some((name.to_owned(), Value::U64(text.number(number, Some(word))?)))
    });
    Ok(known.collect())
}

/// The lines below the head: their number, name, type and data, which may have blanks in it.
fn rows<'a>(
    text: Text<'a>,
) -> Result<impl Iterator<Item = (usize, &'a str, &'a str, &'a str)>, CollectError> {
    let is_head = |line: &str| line.split_ascii_whitespace().eq(["name", "type", "data"]);
    let mut lines = text.lines();
    lines
        .find(|(_, line)| is_head(line))
        .ok_or_else(|| text.wrong(2, "expected columns' names"))?;
    Ok(lines.filter_map(move |(number, line)| {
        let row = line.trim().split_once(' ').and_then(|(name, rest)| {
            let (kind, data) = rest.trim_start().split_once(' ')?;
            Some((number, name, kind, data.trim_start()))
        });
        text.known(number, "expected a name, its type and its data", row)
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    #[test]
    fn numbers_are_those_of_64_bits() {
        let content = "13 1 0x01 4 2 3\nname                            type data\n\
                       size                            4    9223372036854775807\n\
                       arc_need_free                   3    -12\n\
                       text                            7    a b\n";
        let (fields, left_out) = LeftOut::during(|| parse_named(Text::of(content)).unwrap());
        let size = Value::U64(i64::MAX as u64);
        let expected = [("size", size), ("arc_need_free", Value::I64(-12))];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(left_out.why(), None);
        for bad in ["", "size 4 1\n"] {
            assert!(parse_named(Text::of(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_odd_number_costs_no_other_and_an_odd_line_nothing() {
        let content = "name type data\nhits 4 x\nsize 4 -1\nodd\np 4 18446744073709540830\n\
                       c four 5\nmisses 4 7\n";
        let (fields, left_out) = LeftOut::during(|| parse_named(Text::of(content)).unwrap());
        assert_eq!(fields, [("misses".to_owned(), Value::U64(7))]);
        assert_eq!(left_out.why().unwrap(), "test, line 2: expected a number (and 4 more)");
        let content = "head\nnread nwritten reads\nodd\n5 -6 7\n";
        let (fields, left_out) = LeftOut::during(|| parse_io(Text::of(content)).unwrap());
        let expected = [("nread", Value::U64(5)), ("reads", Value::U64(7))];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(left_out.why().unwrap(), "test, line 4: expected a number");
    }

    #[test]
    fn a_pools_numbers_stand_below_their_names() {
        let content = "12 1 0x00 1 80 1 2\nnread nwritten reads\n5 6 7\n";
        assert_eq!(parse_io(Text::of(content)).unwrap()[2], ("reads".to_owned(), Value::U64(7)));
        for bad in ["", "nread\n", "nread nwritten\n1\n"] {
            assert!(parse_io(Text::of(bad)).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(name type data\n|nread|[a-z0-9 -]{0,30}\n|.{0,40}){0,8}") {
            let _ = parse_named(Text::of(&content));
            let _ = parse_dataset(Text::of(&content));
            let _ = parse_io(Text::of(&content));
        }
    }
}
