//! The form of /proc/interrupts and /proc/softirqs: a column for each CPU, a row for each event.

use crate::reading::error::CollectError;
use crate::reading::kernel_file::Text;

/// A row: its name, a count for each CPU, where it is a number, and what else stands there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    pub(crate) name: &'a str,
    pub(crate) counts: Vec<Option<u64>>,
    pub(crate) rest: Vec<&'a str>,
}

/// The CPUs' numbers and the rows; one that does not count by CPU is left out.
pub(crate) fn parse(text: Text<'_>) -> Result<(Vec<&str>, Vec<Row<'_>>), CollectError> {
    let wrong = || text.wrong(1, "expected CPU0 and so on");
    let mut lines = text.lines();
    let (_, header) = lines.next().ok_or_else(wrong)?;
    let cpus: Option<Vec<&str>> = header.split_ascii_whitespace().map(number_of).collect();
    let cpus = cpus.filter(|cpus| !cpus.is_empty()).ok_or_else(wrong)?;
    let mut rows = Vec::new();
    for (number, line) in lines {
        // On ARM nothing needs to stand between the colon and the first number.
        let Some((name, rest)) = line.split_once(':') else { continue };
        let words: Vec<&str> = rest.split_ascii_whitespace().collect();
        if words.len() < cpus.len() {
            continue;
        }
        let (counts, rest) = words.split_at(cpus.len());
        let counts = counts.iter().map(|word| text.number(number, Some(word))).collect();
        rows.push(Row { name: name.trim(), counts, rest: rest.to_vec() });
    }
    Ok((cpus, rows))
}

fn number_of(cpu: &str) -> Option<&str> {
    let number = cpu.strip_prefix("CPU")?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    #[test]
    fn rows() {
        let content = "      CPU0   CPU3\n  1:  17  9223372036854775807  IO-APIC  1-edge i8042\n\
                       IPI0:5 6 Rescheduling\n ERR:  0\nno row\n";
        let (cpus, rows) = parse(Text::of(content)).unwrap();
        assert_eq!(cpus, ["0", "3"]);
        let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
        assert_eq!(names, ["1", "IPI0"]);
        assert_eq!(rows[0].counts, [Some(17), Some(i64::MAX as u64)]);
        assert_eq!(rows[0].rest, ["IO-APIC", "1-edge", "i8042"]);
        for bad in ["", "\n", "CPU\n", "CPU0 x\n"] {
            assert!(parse(Text::of(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_odd_count_costs_no_other() {
        let content = "CPU0 CPU1\n1: 5 x\n2: -1 6\n3: 18446744073709540830 7\n";
        let (rows, left_out) = LeftOut::during(|| parse(Text::of(content)).unwrap().1);
        let counts: Vec<&[Option<u64>]> = rows.iter().map(|row| row.counts.as_slice()).collect();
        assert_eq!(counts, [[Some(5), None], [None, Some(6)], [None, Some(7)]]);
        assert_eq!(left_out.why().unwrap(), "test, line 2: expected a number (and 2 more)");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in "(?s).{0,200}") {
            let _ = parse(Text::of(&format!("CPU0 CPU1\n{content}")));
            let _ = parse(Text::of(&content));
        }
    }
}
