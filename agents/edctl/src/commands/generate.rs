//! `edctl completion` and `edctl man`: pages made from the command line's own definition.

use clap::CommandFactory;

use super::invocation::Invocation;
use crate::cli::{Cli, CompletionArgs};
use crate::problem::{OrProblem, Problem};

/// Prints a shell's completion script.
pub(crate) fn completion(invocation: &Invocation, args: &CompletionArgs) -> Result<u8, Problem> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "edctl", &mut script);
    invocation.output.bytes(&script)?;
    Ok(0)
}

/// Prints the manual page: the command's, with a section for each subcommand's options.
pub(crate) fn man(invocation: &Invocation) -> Result<u8, Problem> {
    let mut command = Cli::command();
    // Only a built command knows its subcommands' full names.
    command.build();
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(Cli::command());
    man.render_title(&mut page).or_infra()?;
    man.render_name_section(&mut page).or_infra()?;
    man.render_synopsis_section(&mut page).or_infra()?;
    man.render_description_section(&mut page).or_infra()?;
    man.render_options_section(&mut page).or_infra()?;
    for mut subcommand in command.get_subcommands().filter(|c| !c.is_hide_set()).cloned() {
        let help = subcommand.render_help();
        let heading = format!(".SH \"COMMAND {}\"\n.nf\n", subcommand.get_name().to_uppercase());
        page.extend_from_slice(heading.as_bytes());
        page.extend_from_slice(roff_text(&help.to_string()).as_bytes());
        page.extend_from_slice(b".fi\n");
    }
    man.render_extra_section(&mut page).or_infra()?;
    invocation.output.bytes(&page)?;
    Ok(0)
}

/// Text as it stands: no line of it may look like a request to the formatter.
fn roff_text(text: &str) -> String {
    let escape = |line: &str| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        format!("{guard}{line}\n")
    };
    text.lines().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::roff_text;

    #[test]
    fn text_cannot_become_a_request() {
        assert_eq!(roff_text(".edctl -C\n'x\n"), "\\&.edctl \\-C\n\\&'x\n");
    }
}
