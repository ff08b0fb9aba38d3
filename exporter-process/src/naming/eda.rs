//! The tools of chip design, by the names of their processes.
//!
//! A tool is known by `comm`, which every scan reads anyway: a node's thousands of short compilers
//! and simulations then cost no further read. The price is that `comm` holds 15 bytes, so that a
//! longer program is known by its first 15, and that a script named like a tool is taken for it.

/// Bytes of a program's name that the kernel keeps.
const COMM_BYTES: usize = 15;

/// A Verilog model that Verilator built: a program of the design's own name.
pub(super) const MODEL: &str = "verilator-model";
/// Verilator names a model's program by this and the top module.
const MODEL_PREFIX: &[u8] = b"V";
/// Where Verilator builds, unless told otherwise (`--Mdir`).
const MODEL_DIRECTORY: &[u8] = b"obj_dir";
/// Top modules of so plain a name that they are taken for models all the same.
const PLAIN_MODELS: [&[u8]; 6] = [b"Vtop", b"Vtb", b"Vtestbench", b"Vdut", b"Vsim", b"Vmain"];

/// Each tool's name, and the programs that it consists of.
const TOOLS: &[(&str, &str)] = &[
    ("verilator", "verilator verilator_bin verilator_bin_dbg verilator_coverage verilator_gantt"),
    ("yosys", "yosys yosys-abc yosys-filterlib yosys-smtbmc berkeley-abc"),
    ("openroad", "openroad"),
    ("graywolf", "graywolf TimberWolfMC TimberWolfSC Mincut genrows mc_compact"),
    ("qrouter", "qrouter qrouterexec qrouternull qrouternullg"),
    ("magic", "magic magicexec magicdnull"),
    ("klayout", "klayout"),
    ("sta", "sta opensta"),
    ("iverilog", "iverilog ivl ivlpp vvp"),
    ("netgen", "netgen netgen-lvs netgenexec"),
    ("compiler", "gcc g++ cc c++ cpp cc1 cc1plus collect2 lto1 lto-wrapper clang clang++ rustc"),
    ("compiler", "as ld ld.bfd ld.gold ld.lld lld mold ar ranlib"),
    // By 15 bytes all of a target's programs are alike, those of binutils too.
    ("compiler", "riscv64-unknown-elf-gcc riscv32-unknown-elf-gcc riscv64-linux-gnu-gcc"),
    ("compiler", "x86_64-linux-gnu-gcc aarch64-linux-gnu-gcc arm-none-eabi-gcc"),
    ("make", "make gmake"),
    ("ninja", "ninja samu"),
];

/// The tool that a process belongs to. `exe`, where it is known, tells a model by the directory that
/// it was built in.
pub(super) fn tool(comm: &[u8], exe: Option<&[u8]>) -> Option<&'static str> {
    let unversioned = without_version(comm);
    let is_it = |program: &str| [comm, unversioned].contains(&cut(program.as_bytes()));
    if let Some((tool, _)) = TOOLS.iter().find(|(_, programs)| programs.split(' ').any(is_it)) {
        return Some(tool);
    }
    is_model(comm, exe).then_some(MODEL)
}

/// The names of all tools.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let mut names: Vec<_> = TOOLS.iter().map(|(tool, _)| *tool).chain([MODEL]).collect();
    names.dedup();
    names.into_iter()
}

/// Whether a program is a model that Verilator built.
///
/// A directory of Verilator's own settles it. Elsewhere only the name speaks, `V` and a top module,
/// and many a program begins with a V (VirtualBox, Vim, Vagrant). What sets modules apart is how
/// hardware is named: lower-case words with an underscore or a digit in them, such as
/// `Vpicorv32_wrapper`. A module of one plain word (`Vcpu`) is missed unless it is a usual one.
fn is_model(comm: &[u8], exe: Option<&[u8]>) -> bool {
    let Some(module) = comm.strip_prefix(MODEL_PREFIX) else { return false };
    if exe.is_some_and(is_built_by_verilator) || PLAIN_MODELS.contains(&comm) {
        return true;
    }
    let is_lower_word = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_';
    module.first().is_some_and(u8::is_ascii_lowercase)
        && module.iter().all(is_lower_word)
        && module.iter().any(|b| !b.is_ascii_lowercase())
}

/// Whether a path leads through a build directory of Verilator's to a program of a model's name.
fn is_built_by_verilator(exe: &[u8]) -> bool {
    let mut parts = exe.rsplit(|b| *b == b'/');
    parts.next().is_some_and(|program| program.starts_with(MODEL_PREFIX))
        && parts.any(|directory| directory.starts_with(MODEL_DIRECTORY))
}

fn cut(program: &[u8]) -> &[u8] {
    &program[..program.len().min(COMM_BYTES)]
}

/// `gcc` for `gcc-12` and `clang` for `clang-14.0`.
fn without_version(comm: &[u8]) -> &[u8] {
    let end =
        comm.iter().rposition(|b| !b.is_ascii_digit() && *b != b'.').map_or(0, |last| last + 1);
    match comm[..end].strip_suffix(b"-") {
        Some(program) if end < comm.len() => program,
        _ => comm,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn by_comm(program: &str) -> Option<&'static str> {
        tool(cut(program.as_bytes()), None)
    }

    #[test]
    fn programs_belong_to_tools() {
        for (program, expected) in [
            ("verilator", "verilator"),
            ("verilator_bin", "verilator"),
            ("verilator_bin_dbg", "verilator"),
            ("verilator_coverage_bin_dbg", "verilator"),
            ("yosys", "yosys"),
            ("yosys-abc", "yosys"),
            ("berkeley-abc", "yosys"),
            ("openroad", "openroad"),
            ("TimberWolfMC", "graywolf"),
            ("qrouternullg", "qrouter"),
            ("magicdnull", "magic"),
            ("klayout", "klayout"),
            ("sta", "sta"),
            ("vvp", "iverilog"),
            ("netgenexec", "netgen"),
            ("cc1plus", "compiler"),
            ("gcc-12", "compiler"),
            ("g++-13", "compiler"),
            ("clang++-14.0", "compiler"),
            ("ld", "compiler"),
            ("riscv64-unknown-elf-gcc", "compiler"),
            ("riscv64-unknown-elf-objcopy", "compiler"),
            ("x86_64-linux-gnu-g++-12", "compiler"),
            ("make", "make"),
            ("ninja", "ninja"),
        ] {
            assert_eq!(by_comm(program), Some(expected), "{program}");
        }
    }

    #[test]
    fn lookalikes_belong_to_none() {
        for program in [
            "",
            "-",
            "-12",
            "12",
            "verilator_bi",
            "verilator_bin_x",
            "verilator_bin_",
            "yosys-abcd",
            "Yosys",
            "yosys ",
            "gcc-",
            "gcc-x",
            "gcc12",
            "makefile",
            "sta1",
            "ldd",
            "assh",
            "magic.sh",
            "riscv64-unknow",
            "riscv64-linux",
            "x86_64-linux-g",
            "ninja\n",
            "bash",
            "python3",
        ] {
            assert_eq!(by_comm(program), None, "{program:?}");
        }
        // What is longer than 15 bytes is known by its beginning, whatever follows.
        assert_eq!(by_comm("verilator_bin_doc"), Some("verilator"));
        assert_eq!(tool(b"\xff\xfe", None), None);
    }

    #[test]
    fn models_are_known_by_name_or_by_directory() {
        for (program, exe, known) in [
            ("Vpicorv32_wrapper", None, true),
            ("Vpicorv32_wrapper", Some("/home/eve/build/sim/model/Vpicorv32_wrapper"), true),
            ("Vpicorv32", None, true),
            ("Vtb_top", None, true),
            ("Vtop", None, true),
            ("Vcpu", None, false),
            ("Vcpu", Some("/scratch/obj_dir/Vcpu"), true),
            ("Vcpu", Some("/scratch/obj_dir_fast/Vcpu"), true),
            ("Vcpu", Some("/scratch/obj_dir/Vcpu (deleted)"), true),
            ("Vcpu", Some("/scratch/objdir/Vcpu"), false),
            ("Vcpu", Some("/scratch/obj_dir/run"), false),
            ("VTop", Some("/scratch/obj_dir/VTop"), true),
            ("cpu", Some("/scratch/obj_dir/cpu"), false),
            ("Vim", None, false),
            ("VirtualBox", None, false),
            ("VirtualBoxVM", None, false),
            ("VBoxService", None, false),
            ("VBox_client2", None, false),
            ("V", None, false),
            ("V_", None, false),
            ("V8", None, false),
            ("Vtop.sh", None, false),
            ("vpicorv32_wrapper", None, false),
        ] {
            let found = tool(cut(program.as_bytes()), exe.map(str::as_bytes));
            assert_eq!(found, known.then_some(MODEL), "{program} {exe:?}");
        }
    }

    #[test]
    fn the_model_of_our_own_flow_is_known() {
        let makefile = concat!(env!("CARGO_MANIFEST_DIR"), "/../eda-flows/picorv32/sim/Makefile");
        let makefile = std::fs::read_to_string(makefile).unwrap();
        let line = makefile.lines().find(|line| line.starts_with("MODEL ")).unwrap();
        let (_, program) = line.rsplit_once('/').unwrap();
        assert_eq!(by_comm(program), Some(MODEL), "{program}");
    }

    #[test]
    fn no_program_is_in_two_tools() {
        let mut seen = BTreeSet::new();
        for program in TOOLS.iter().flat_map(|(_, programs)| programs.split(' ')) {
            assert!(seen.insert(program), "{program}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            comm in proptest::collection::vec(any::<u8>(), 0..20),
            exe in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
        ) {
            let _ = tool(&comm, exe.as_deref());
        }
    }
}
