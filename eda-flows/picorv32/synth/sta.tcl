# Times netlist.v with an ideal clock. Each figure is one line `EDCTL sta NAME VALUE`, in ns.
read_liberty $::env(LIB)
read_verilog netlist.v
link_design $::env(TOP)
create_clock -name clk -period $::env(PERIOD_NS) [get_ports clk]
foreach port [all_inputs] {
    if {[get_full_name $port] ne "clk"} {
        set_input_delay 0 -clock clk $port
    }
}
set_output_delay 0 -clock clk [all_outputs]

report_checks -path_delay max -format full_clock_expanded -digits 3
puts "EDCTL sta period $::env(PERIOD_NS)"
puts "EDCTL sta setup_ws [worst_slack -max]"
puts "EDCTL sta setup_wns [worst_negative_slack -max]"
puts "EDCTL sta setup_tns [total_negative_slack -max]"
puts "EDCTL sta hold_ws [worst_slack -min]"
puts "EDCTL sta end finish"
