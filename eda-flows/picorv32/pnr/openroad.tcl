# Floorplan to detailed route of netlist.v on osu035. The order is the one that ran to its end with an
# OpenROAD of 2022; each step has its own metrics stage, or their keys would collide in metrics.json.
read_lef $::env(LEF)
read_liberty $::env(LIB)
# Else a period is in the library's unit, which may be ps.
set_cmd_units -time ns
read_verilog netlist.v
link_design $::env(TOP)
create_clock -name clk -period $::env(PERIOD_NS) [get_ports clk]

proc stage {name} {
    utl::set_metrics_stage "${name}__{}"
    puts "EDCTL pnr stage=$name"
}

stage floorplan
# At 45 % picorv32 overflows global routing, at 30 % it does not.
initialize_floorplan -utilization 30 -aspect_ratio 1 -core_space 20 -site core
make_tracks
set_routing_layers -signal metal1-metal4 -clock metal2-metal4
set_global_routing_layer_adjustment metal1-metal4 0.5
add_global_connection -net vdd -pin_pattern vdd -power
add_global_connection -net gnd -pin_pattern gnd -ground
global_connect
set_voltage_domain -name CORE -power vdd -ground gnd
define_pdn_grid -name grid -voltage_domains CORE
add_pdn_stripe -grid grid -layer metal1 -followpins
add_pdn_stripe -grid grid -layer metal4 -width 4 -pitch 160 -offset 20
add_pdn_connect -grid grid -layers {metal1 metal4}
pdngen
# osu035 has no tie cells: the nets of constants are not for the signal router.
foreach net [[ord::get_db_block] getNets] {
    if {[$net getName] in {zero_ one_}} {
        $net setSpecial
    }
}

stage globalplace
global_placement -skip_io
place_pins -hor_layers metal3 -ver_layers metal2
set_wire_rc -layer metal2
global_placement -density 0.45
estimate_parasitics -placement

stage placeopt
repair_design

stage detailedplace
detailed_placement
check_placement

stage cts
set_propagated_clock [all_clocks]
clock_tree_synthesis -root_buf CLKBUF3 -buf_list CLKBUF1
detailed_placement
repair_timing -setup
detailed_placement
report_wns
report_tns

stage globalroute
global_route
write_guides route.guide
estimate_parasitics -global_routing

stage detailedroute
detailed_route -output_drc route_drc.rpt

stage finish
report_design_area
report_power
write_def final.def
write_verilog final.v
puts "EDCTL pnr end=finish"
