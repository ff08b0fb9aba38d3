// A loadable up-counter with a synchronous reset: small enough to place and route in seconds.
module counter #(
	parameter WIDTH = 16
) (
	input                  clk,
	input                  reset,
	input                  load,
	input      [WIDTH-1:0] value,
	output reg [WIDTH-1:0] count,
	output                 wrapped
);
	assign wrapped = &count;

	always @(posedge clk) begin
		if (reset)
			count <= 0;
		else if (load)
			count <= value;
		else
			count <= count + 1'b1;
	end
endmodule
