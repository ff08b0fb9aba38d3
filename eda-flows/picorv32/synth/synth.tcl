# Maps TOP to the cells of LIB. Writes netlist.v, check.txt, stat.json, stat.txt, flip_flops.txt in the
# current folder.
yosys -import
set lib $::env(LIB)
set top $::env(TOP)
set period_ps [expr {int($::env(PERIOD_NS) * 1000)}]

# The library first: without it `check -mapped` reports every cell's output as undriven.
read_liberty -lib -ignore_miss_func $lib
read_verilog $::env(SRC)/picorv32.v

synth -flatten -top $top
# What newer releases keep as cells, $display, assertions and scopes, is no hardware.
delete {*}{t:$print t:$check t:$scopeinfo t:$assert t:$assume t:$live t:$fair t:$cover}
dfflibmap -liberty $lib
opt
# -constr makes abc buffer and size: without it high fan-out nets miss a 20 ns period by 74 ns.
abc -liberty $lib -D $period_ps -constr $::env(CONSTR)
setundef -zero
# OpenSTA cannot read `assign {a, b} = ...`.
splitnets
opt_clean -purge

tee -o check.txt check -mapped
# JSON has the counts in one form in every release; the area stands only in the text in Yosys 0.23.
tee -o stat.json stat -json -liberty $lib
tee -o stat.txt stat -liberty $lib
# Without attributes an edit of a comment leaves the netlist as it is, byte by byte.
write_verilog -noattr -nohex -nodec netlist.v
# Which cells are flip-flops, the library's `ff` groups say, whatever it calls them: with their bodies
# read, they have a cell of Yosys' own types inside. Lines with a slash are of what is in them.
design -push
read_liberty -ignore_miss_func $lib
tee -q -o flip_flop_cells.txt select -list {=*/t:$_*FF*_} %m
design -pop
set file [open flip_flop_cells.txt]
set names [lsearch -all -inline -not -regexp [read $file] /]
close $file
if {[llength $names] > 0} {
    tee -o flip_flops.txt select -count {*}[lmap name $names {string cat t: $name}]
}
puts "EDCTL synth end=finish"
