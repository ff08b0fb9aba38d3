// Drives picorv32's testbench until it ends, and says how it ended.
//
// Verilator's usual main has no limit of cycles: a design that never traps would run for ever. The
// last line on stdout is always `EDCTL sim end=<finish|stop|watchdog> cycles=<n>`, and the exit status
// follows it; whoever sees no such line knows that the simulator was killed.
//   0 $finish (which is not yet a pass: the log must say so)   1 $stop   3 watchdog   2 usage

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "Vpicorv32_wrapper.h"
#include "verilated.h"

namespace {

constexpr uint64_t kDefaultMaxCycles = 2000000;
constexpr uint64_t kResetCycles = 20;

enum class End : int { kFinish = 0, kStop = 1, kUsage = 2, kWatchdog = 3 };

bool stopped = false;

[[noreturn]] void usage(const char* value) {
    std::fprintf(stderr, "testbench: +max_cycles wants a positive number, not '%s'\n", value);
    std::exit(static_cast<int>(End::kUsage));
}

uint64_t max_cycles(VerilatedContext& context) {
    constexpr char kPrefix[] = "+max_cycles=";
    const char* match = context.commandArgsPlusMatch("max_cycles=");
    if (!match || !*match) return kDefaultMaxCycles;
    const char* value = match + std::strlen(kPrefix);
    char* end = nullptr;
    const uint64_t cycles = std::strtoull(value, &end, 10);
    if (end == value || *end || cycles == 0) usage(value);
    return cycles;
}

int report(End end, const char* word, uint64_t cycles) {
    std::printf("EDCTL sim end=%s cycles=%llu\n", word, static_cast<unsigned long long>(cycles));
    return static_cast<int>(end);
}

}  // namespace

// Verilator's own vl_stop aborts with a core; the design's failure is an ordinary result here.
void vl_stop(const char* file, int line, const char*) VL_MT_UNSAFE {
    std::printf("%%Error: %s:%d: Verilog $stop\n", file, line);
    stopped = true;
}

int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);  // `edctl logs -f` follows line by line

    VerilatedContext context;
    context.commandArgs(argc, argv);
    const uint64_t limit = max_cycles(context);
    const std::unique_ptr<Vpicorv32_wrapper> top{new Vpicorv32_wrapper{&context}};

    top->clk = 0;
    top->resetn = 0;
    for (uint64_t cycle = 0; cycle < limit; ++cycle) {
        if (cycle == kResetCycles) top->resetn = 1;
        top->clk = 1;
        top->eval();
        if (stopped) return report(End::kStop, "stop", cycle);
        if (context.gotFinish()) {
            top->final();
            return report(End::kFinish, "finish", cycle);
        }
        top->clk = 0;
        top->eval();
    }
    return report(End::kWatchdog, "watchdog", limit);
}
