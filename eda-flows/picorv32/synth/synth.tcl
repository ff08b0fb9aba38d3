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
# Yosys from 0.33 on keeps $display and assertions as cells, and scopes from 0.38 on: no hardware.
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
# Which cells are flip-flops, the library's `ff` groups say: with its bodies in place of its cells, they
# are Yosys' own types, whatever the library calls them.
read_liberty -overwrite -ignore_miss_func $lib
flatten
tee -o flip_flops.txt select -count {t:$_*FF*_}
puts "EDCTL synth end=finish"
