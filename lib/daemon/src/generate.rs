//! Man page and shell completions, printed by the binary itself so that they cannot fall behind it.
//! The packages' build calls `--generate`; it stands in no help text.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

/// Parses the command line. `--generate man|bash|zsh|fish`, as the only arguments, prints that text
/// and ends the process.
pub fn parse<F: clap::Parser>() -> F {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    if let [flag, what] = arguments.as_slice()
        && flag == "--generate"
    {
        let written = generate::<F>(what);
        if let Err(error) = &written {
            eprintln!("error: --generate {what}: {error}");
        }
        std::process::exit(if written.is_ok() { 0 } else { 2 });
    }
    F::parse()
}

fn generate<F: CommandFactory>(what: &str) -> io::Result<()> {
    let mut text = Vec::new();
    match what {
        "man" => clap_mangen::Man::new(F::command()).section("8").render(&mut text)?,
        shell => {
            let shell: Shell = shell.parse().map_err(|_| {
                io::Error::new(io::ErrorKind::InvalidInput, "expected man, bash, zsh or fish")
            })?;
            let mut command = F::command();
            let name = command.get_name().to_owned();
            clap_complete::generate(shell, &mut command, name, &mut text);
        }
    }
    io::stdout().write_all(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    #[command(name = "edctl-example")]
    struct Flags {
        /// Some flag
        #[arg(long)]
        _some: bool,
    }

    #[test]
    fn an_unknown_text_is_refused() {
        assert!(generate::<Flags>("powder").is_err());
    }
}
