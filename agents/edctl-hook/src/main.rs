//! `slurm-hook`: the program that Slurm calls. It ends with 0 whatever happens to it, and with 1 only for
//! the agent's word that the node is unfit; what it does is in `lib.rs`.
#![forbid(unsafe_code)]

use std::io::Write;
use std::process::ExitCode;

use edctl_hook::{Ending, World};

fn main() -> ExitCode {
    end_with_0_on_panic();
    let mut world = World {
        variable: &|name| std::env::var_os(name),
        out: &mut std::io::stdout(),
        err: &mut std::io::stderr(),
    };
    match edctl_hook::call(std::env::args_os().skip(1), &mut world) {
        Ending::Well => ExitCode::SUCCESS,
        Ending::Unfit => ExitCode::FAILURE,
    }
}

/// A panic's hook runs before the unwinding or the abort, whichever the build chose.
fn end_with_0_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        drop(writeln!(std::io::stderr(), "slurm-hook: bug: {panic}"));
        std::process::exit(0);
    }));
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    /// Runs in a process of its own; see the next test.
    #[test]
    #[ignore = "ends the process"]
    fn panics_as_a_bug_would() {
        super::end_with_0_on_panic();
        panic!("as the test wants it");
    }

    #[test]
    fn a_bug_ends_with_0_and_says_so() {
        let child = ["--exact", "tests::panics_as_a_bug_would", "--ignored", "--nocapture"];
        let output = Command::new(std::env::current_exe().unwrap())
            .args(child)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains("slurm-hook: bug: ") && said.contains("as the test wants it"),
            "{said}"
        );
        let finished = String::from_utf8_lossy(&output.stdout).contains("test result");
        assert!(!finished, "the hook ended the process before the test's own end");
    }
}
