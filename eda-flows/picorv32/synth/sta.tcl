# Times netlist.v with an ideal clock. Each figure is one line `EDCTL sta NAME VALUE`, in ns. OpenSTA
# goes on after an error and returns 0: the last line says whether the whole of it ran.
proc time_netlist {} {
    read_liberty $::env(LIB)
    # OpenSTA speaks in the unit of the first library, which may be ps, unless it is told otherwise.
    set_cmd_units -time ns
    read_verilog netlist.v
    link_design $::env(TOP)
    # Without its port a clock times no register, and OpenSTA only warns.
    set port [get_ports clk]
    if {$port eq ""} {
        error "the design has no port clk, which would be its clock"
    }
    create_clock -name clk -period $::env(PERIOD_NS) $port
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
}

if {[catch time_netlist message]} {
    puts "Error: $message"
    puts "EDCTL sta end error"
} else {
    puts "EDCTL sta end finish"
}
