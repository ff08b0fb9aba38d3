// Drives picorv32's testbench until it ends, and says how it ended.
//
// Verilator's usual main has no limit of cycles: a design that never traps would run for ever. How it
// ended stands in the file of +end_file=FILE, where the design's own words cannot be taken for it, and
// for people as the last line on stdout: `end=<finish|stop|fatal|watchdog> cycles=<n>`. The exit status
// follows it; whoever sees no such line knows that the simulator was killed.
//   0 $finish (which is not yet a pass: the log must say so)   1 $stop   2 usage   3 watchdog
//   4 Verilator's own checks gave up   5 the file cannot be written

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "Vpicorv32_wrapper.h"
#include "verilated.h"

namespace {

constexpr uint64_t kDefaultMaxCycles = 2000000;
constexpr uint64_t kResetCycles = 20;

enum class End : int { kFinish = 0, kStop = 1, kUsage = 2, kWatchdog = 3, kFatal = 4, kNoFile = 5 };

bool stopped = false;
uint64_t cycle = 0;
std::string end_file;

[[noreturn]] void usage(const char* value) {
    std::fprintf(stderr, "testbench: +max_cycles wants a positive number, not '%s'\n", value);
    std::exit(static_cast<int>(End::kUsage));
}

// What stands behind `+NAME=` on the command line, or nothing.
std::string argument(VerilatedContext& context, const std::string& name) {
    const std::string match = context.commandArgsPlusMatch((name + "=").c_str());
    return match.empty() ? match : match.substr(name.size() + std::strlen("+="));
}

uint64_t max_cycles(VerilatedContext& context) {
    const std::string value = argument(context, "max_cycles");
    if (value.empty()) return kDefaultMaxCycles;
    char* end = nullptr;
    const uint64_t cycles = std::strtoull(value.c_str(), &end, 10);
    if (*end || cycles == 0) usage(value.c_str());
    return cycles;
}

// A file that cannot be written whole is as good as none: the exit status says so.
bool write_end(const std::string& line) {
    if (end_file.empty()) return true;
    std::FILE* file = std::fopen(end_file.c_str(), "w");
    if (!file) return false;
    const bool written = std::fputs(line.c_str(), file) >= 0;
    return std::fclose(file) == 0 && written;
}

int report(End end, const char* word, uint64_t cycles) {
    const std::string line = "end=" + std::string{word} + " cycles=" + std::to_string(cycles) + "\n";
    std::printf("EDCTL sim %s", line.c_str());
    if (write_end(line)) return static_cast<int>(end);
    std::perror(end_file.c_str());
    return static_cast<int>(End::kNoFile);
}

}  // namespace

// Verilator's own vl_stop aborts with a core; the design's failure is an ordinary result here.
void vl_stop(const char* file, int line, const char*) VL_MT_UNSAFE {
    std::printf("%%Error: %s:%d: Verilog $stop\n", file, line);
    stopped = true;
}

// As when a design does not converge. The model must not go on after it.
void vl_fatal(const char* file, int line, const char*, const char* message) VL_MT_UNSAFE {
    std::printf("%%Error: %s:%d: %s\n", file ? file : "", line, message);
    std::exit(report(End::kFatal, "fatal", cycle));
}

int main(int argc, char** argv) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);  // `edctl logs -f` follows line by line

    VerilatedContext context;
    context.commandArgs(argc, argv);
    const uint64_t limit = max_cycles(context);
    end_file = argument(context, "end_file");
    const std::unique_ptr<Vpicorv32_wrapper> top{new Vpicorv32_wrapper{&context}};

    top->clk = 0;
    top->resetn = 0;
    for (; cycle < limit; ++cycle) {
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
