//! The forms of ZFS's files.

use edctl_exposition::Value;

use super::super::CollectError;
use super::super::kernel_file::Text;

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
            UNSIGNED => data.parse().map(Value::U64),
            SIGNED => data.parse().map(Value::I64),
            _ => continue,
        };
        let value = value.map_err(|_| text.wrong(number, "expected a number of 64 bits"))?;
        fields.push((name.to_owned(), value));
    }
    Ok(fields)
}

/// The same of a dataset, whose name is one of the lines.
pub(super) fn parse_dataset(text: Text<'_>) -> Result<(String, Vec<Field>), CollectError> {
    let dataset = rows(text)?.find(|(_, name, _, _)| *name == "dataset_name");
    let (_, _, _, dataset) = dataset.ok_or_else(|| text.wrong(1, "expected a dataset's name"))?;
    Ok((dataset.to_owned(), parse_named(text)?))
}

/// A line of names that begins with `nread`, and one of numbers.
pub(super) fn parse_io(text: Text<'_>) -> Result<Vec<Field>, CollectError> {
    let mut lines = text.lines().skip_while(|(_, line)| !line.starts_with("nread"));
    let wrong = |number| text.wrong(number, "expected a line of names and one of as many numbers");
    let ((_, names), (number, numbers)) = lines.next().zip(lines.next()).ok_or_else(|| wrong(1))?;
    let names: Vec<&str> = names.split_ascii_whitespace().collect();
    let numbers: Option<Vec<u64>> =
        numbers.split_ascii_whitespace().map(|word| word.parse().ok()).collect();
    let numbers = numbers.filter(|numbers| numbers.len() == names.len());
    let numbers = numbers.ok_or_else(|| wrong(number))?;
    let fields = names.into_iter().zip(numbers);
    Ok(fields.map(|(name, value)| (name.to_owned(), Value::U64(value))).collect())
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
    Ok(lines.filter_map(|(number, line)| {
        let (name, rest) = line.trim().split_once(' ')?;
        let (kind, data) = rest.trim_start().split_once(' ')?;
        Some((number, name, kind, data.trim_start()))
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_those_of_64_bits() {
        let content = "13 1 0x01 4 2 3\nname                            type data\n\
                       size                            4    18446744073709551615\n\
                       arc_need_free                   3    -12\n\
                       text                            7    a b\nodd\n";
        let fields = parse_named(Text::of(content)).unwrap();
        let expected = [("size", Value::U64(u64::MAX)), ("arc_need_free", Value::I64(-12))];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value)));
        for bad in ["", "size 4 1\n", "name type data\nsize 4 x\n", "name type data\nsize 4 -1\n"] {
            assert!(parse_named(Text::of(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_pools_numbers_stand_below_their_names() {
        let content = "12 1 0x00 1 80 1 2\nnread nwritten reads\n5 6 7\n";
        assert_eq!(parse_io(Text::of(content)).unwrap()[2], ("reads".to_owned(), Value::U64(7)));
        for bad in ["", "nread\n", "nread nwritten\n1\n", "nread\nx\n"] {
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
