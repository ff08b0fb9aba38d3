"""The flows of eda-flows with the real tools, on designs and libraries of a test's own."""

import pathlib
import re
import subprocess
import tempfile
import unittest

FLOWS = pathlib.Path(__file__).resolve().parents[4] / "eda-flows"
OSU035 = "/usr/share/qflow/tech/osu035/osu035_stdcells.lib"

# Four flip-flops. Newer releases of Yosys keep the $display; each release prints the other while it reads.
COUNTER = """
module core(input clk, input rst, input [3:0] d, output reg [3:0] q);
  initial $display("ERROR: says the design, No space left on device");
  always @(posedge clk) begin
    if (rst) q <= 0; else q <= d + q;
    if (q == 4'd9) $display("EDCTL sta end finish");
  end
endmodule
"""

TOGGLE = """
module core(input clk, output q);
  reg r; always @(posedge clk) r <= ~r;
  assign q = r;
endmodule
"""


def tiny_library(time_unit, load_unit, scale):
    """A library whose flip-flop has an unusual name; its times are in `time_unit`, 1 ps being `scale` of it."""

    def arc(pin, kind, *names, picoseconds):
        tables = "".join(f'{name} (scalar) {{ values ("{picoseconds * scale:g}"); }} ' for name in names)
        return f'timing () {{ related_pin : "{pin}"; {kind} {tables}}}'

    delays = "cell_rise", "cell_fall", "rise_transition", "fall_transition"
    checks = "rise_constraint", "fall_constraint"
    gates = {"INVX1": ("A", "!A"), "BUFX2": ("A", "A"), "NAND2X1": ("AB", "!(A B)"), "NOR2X1": ("AB", "!(A+B)")}
    cells = "".join(
        f"cell ({name}) {{ area : {len(inputs)};"
        + "".join(f"pin ({pin}) {{ direction : input; capacitance : 1; }}" for pin in inputs)
        + f'pin (Y) {{ direction : output; function : "{function}";'
        + "".join(arc(pin, "", *delays, picoseconds=15) for pin in inputs)
        + "} }\n"
        for name, (inputs, function) in gates.items()
    )
    edges = "setup_rising", "hold_rising"
    flop = (
        'cell (REG_A) { area : 4; ff (IQ, IQN) { clocked_on : "CK"; next_state : "D"; }'
        "pin (CK) { direction : input; clock : true; capacitance : 1; }"
        "pin (D) { direction : input; capacitance : 1;"
        + "".join(arc("CK", f"timing_type : {edge};", *checks, picoseconds=20) for edge in edges)
        + '} pin (Q) { direction : output; function : "IQ";'
        + arc("CK", "timing_type : rising_edge;", *delays, picoseconds=40)
        + "} }\n"
    )
    thresholds = "".join(
        f"{kind}_threshold_pct_{edge} : {value}; "
        for kind, value in (("input", 50), ("output", 50), ("slew_lower", 20), ("slew_upper", 80))
        for edge in ("rise", "fall")
    )
    return (
        f'library (tiny) {{ delay_model : table_lookup; time_unit : "{time_unit}"; voltage_unit : "1V";'
        f'current_unit : "1mA"; capacitive_load_unit (1, {load_unit}); pulling_resistance_unit : "1kohm";'
        f'leakage_power_unit : "1nW"; {thresholds} nom_process : 1; nom_voltage : 1; nom_temperature : 25;\n'
        f"{cells}{flop}}}\n"
    )


class Synthesis(unittest.TestCase):
    """Yosys and OpenSTA."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def synth(self, design, library, period_ns, name="build"):
        (self.folder / "picorv32.v").write_text(design)
        self.build = self.folder / name
        return subprocess.run(
            [
                "make",
                "-C",
                FLOWS / "picorv32/synth",
                f"SRC={self.folder}",
                f"BUILD={self.build}",
                "TOP=core",
                f"LIB={library}",
                f"PERIOD_NS={period_ns}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )

    def left(self, name):
        return (self.build / name).read_text()

    def slack(self):
        return float(re.search(r"^EDCTL sta setup_ws (\S+)$", self.left("sta.txt"), re.M)[1])

    def test_a_display_is_no_cell_and_no_error(self):
        made = self.synth(COUNTER, OSU035, 20)
        self.assertEqual(made.returncode, 0, made)
        self.assertIn("synth: passed: ", made.stdout)
        self.assertNotIn("$print", self.left("stat.json"))
        self.assertEqual(self.left("flip_flops.txt"), "4 objects.\n")

    def test_the_slack_is_in_ns_whatever_the_librarys_unit_is(self):
        # One flip-flop, one inverter: 40 ps to Q, 15 ps to D, 20 ps of set-up, of 1 ns.
        for name, units in (("ns", ("1ns", "pf", 0.001)), ("ps", ("1ps", "ff", 1)), ("10ps", ("10ps", "ff", 0.1))):
            library = self.folder / f"{name}.lib"
            library.write_text(tiny_library(*units))
            made = self.synth(TOGGLE, library, 1, name)
            self.assertEqual(made.returncode, 0, made)
            self.assertAlmostEqual(self.slack(), 0.925, 4, name)
            self.assertEqual(self.left("flip_flops.txt"), "1 objects.\n", "by its ff group, not its name")

    def test_a_timing_that_did_not_run_whole_does_not_say_that_it_did(self):
        # The script's clock is clk: OpenSTA goes on after the error, and returns 0.
        made = self.synth(TOGGLE.replace("clk", "ck"), OSU035, 1)
        self.assertNotEqual(made.returncode, 0, made)
        self.assertEqual(self.left("yosys.exit"), "0\n")
        self.assertRegex(self.left("sta.txt"), r"(?m)^Error: .*clk")
        self.assertNotIn("EDCTL sta end finish", self.left("sta.txt"))

    def test_yosys_leaves_how_it_ended(self):
        made = self.synth("module core(", OSU035, 20)
        self.assertNotEqual(made.returncode, 0, made)
        self.assertEqual(self.left("yosys.exit"), "1\n")


BENCH = """
module picorv32_wrapper(input clk, input resetn);
  initial $display("EDCTL sim end=finish cycles=1");
  reg [3:0] n = 0;
  always @(posedge clk) if (resetn) begin
    n <= n + 1;
    if (n == 4 && $test$plusargs("finish")) $finish;
    if (n == 4 && $test$plusargs("stop")) $stop;
    if (n == 4 && $test$plusargs("error")) $error("TIMEOUT");
    if (n == 4 && $test$plusargs("fatal")) $fatal(1, "no");
  end
endmodule
"""


class Simulation(unittest.TestCase):
    """Verilator, and what testbench.cc says of a model's end in a file of its own."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "testbench.v").write_text(BENCH)
        (cls.folder / "picorv32.v").write_text("")
        model = cls.folder / "build/model/Vpicorv32_wrapper"
        subprocess.run(
            ["make", "-C", FLOWS / "picorv32/sim", f"SRC={cls.folder}", f"BUILD={cls.folder / 'build'}", model],
            check=True,
            capture_output=True,
        )
        cls.model = model

    def test_the_file_says_how_it_ended_whatever_the_design_prints(self):
        for end, status in (("finish", 0), ("stop", 1), ("error", 1), ("fatal", 1), ("watchdog", 3)):
            with self.subTest(end):
                file = self.folder / f"{end}.end"
                ran = subprocess.run(
                    [self.model, f"+{end}", "+max_cycles=100", f"+end_file={file}"],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                self.assertEqual(ran.returncode, status, ran)
                word = "stop" if status == 1 else end
                self.assertRegex(file.read_text(), rf"\Aend={word} cycles=\d+\n\Z")

    def test_an_end_that_cannot_be_written_is_no_good_end(self):
        ran = subprocess.run(
            [self.model, "+finish", "+end_file=/no/such/folder/sim.end"], capture_output=True, text=True, check=False
        )
        self.assertEqual(ran.returncode, 5, ran)
        self.assertIn("/no/such/folder/sim.end: No such file", ran.stderr)


if __name__ == "__main__":
    unittest.main()
