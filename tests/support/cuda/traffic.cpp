// What the threads of a kernel read and write in global memory, in the sectors of 32 bytes that a GPU moves.
//
// g++ -fsanitize=thread calls a function before each access to memory; these are ours, and count. The lanes of a warp
// meet at an access (by where it stands in the code, and how often a lane came by), as if none diverged.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "block.h"

namespace {

constexpr uint64_t SECTOR = 32, WARP = 32;

struct Counts { uint64_t accesses, sectors, ideal, of_blocks, of_launch; };

struct Access {
    std::vector<uint64_t> sectors;
    std::unordered_set<uint64_t> addresses;
    uint64_t bytes = 0;
};

struct Place {
    std::vector<unsigned> times = std::vector<unsigned>(1024);  // how often each thread came by
    std::vector<std::vector<Access>> accesses = std::vector<std::vector<Access>>(1024 / WARP);
};

Counts counts;
std::unordered_map<void*, Place> places;                     // of the running block
std::unordered_set<uint64_t> of_block[2], of_launch[2];      // sectors that were read, written
unsigned block = ~0u;
const uint64_t* ranges;  // of the device's memory: where each starts and ends, in order
size_t range_count;

void add_unique(std::vector<uint64_t>& sectors, uint64_t sector) {
    if (std::find(sectors.rbegin(), sectors.rend(), sector) == sectors.rend()) sectors.push_back(sector);
}

void end_block() {
    for (auto& [at, place] : places)
        for (auto& warp : place.accesses)
            for (Access& access : warp) {
                counts.accesses++;
                counts.sectors += access.sectors.size();
                counts.ideal += (access.bytes + SECTOR - 1) / SECTOR;
            }
    for (auto& sectors : of_block) counts.of_blocks += sectors.size(), sectors.clear();
    places.clear();
}

__attribute__((noinline)) void touch(void* code, uintptr_t address, size_t bytes, bool writes) {
    // Behind an odd number of starts and ends.
    if ((std::upper_bound(ranges, ranges + 2 * range_count, address) - ranges) % 2 == 0) return;
    if (blockIdx.x != block) end_block(), block = blockIdx.x;
    const unsigned thread = emulation::own_number();
    Place& place = places[code];
    auto& warp = place.accesses[thread / WARP];
    const unsigned time = place.times[thread]++;
    if (time >= warp.size()) warp.resize(time + 1);
    Access& access = warp[time];
    if (access.addresses.insert(address).second) access.bytes += bytes;
    for (uint64_t sector = address / SECTOR; sector <= (address + bytes - 1) / SECTOR; sector++) {
        add_unique(access.sectors, sector);
        of_block[writes].insert(sector);
        of_launch[writes].insert(sector);
    }
}

}  // namespace

BITALE_ENTRY void traffic_begin(const uint64_t* of_device, size_t count) {
    counts = {}, block = ~0u, ranges = of_device, range_count = count;
    places.clear();
    for (auto& sectors : of_block) sectors.clear();
    for (auto& sectors : of_launch) sectors.clear();
}

BITALE_ENTRY const Counts* traffic_end() {
    end_block();
    counts.of_launch = of_launch[0].size() + of_launch[1].size();
    return &counts;
}

#define CODE __builtin_return_address(0)
#define ACCESS(bytes)                                                                                       \
    extern "C" BITALE_HIDDEN void __tsan_read##bytes(void* a) { touch(CODE, (uintptr_t)a, bytes, false); }  \
    extern "C" BITALE_HIDDEN void __tsan_write##bytes(void* a) { touch(CODE, (uintptr_t)a, bytes, true); }  \
    extern "C" BITALE_HIDDEN void __tsan_unaligned_read##bytes(void* a) { touch(CODE, (uintptr_t)a, bytes, false); } \
    extern "C" BITALE_HIDDEN void __tsan_unaligned_write##bytes(void* a) { touch(CODE, (uintptr_t)a, bytes, true); } \
    extern "C" BITALE_HIDDEN void __tsan_volatile_read##bytes(void* a) { touch(CODE, (uintptr_t)a, bytes, false); }

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)
extern "C" BITALE_HIDDEN void __tsan_read_range(void* a, size_t n) { touch(CODE, (uintptr_t)a, n, false); }
extern "C" BITALE_HIDDEN void __tsan_write_range(void* a, size_t n) { touch(CODE, (uintptr_t)a, n, true); }
extern "C" BITALE_HIDDEN void __tsan_vptr_update(void**, void*) {}
extern "C" BITALE_HIDDEN void __tsan_init() {}
extern "C" BITALE_HIDDEN void __tsan_func_entry(void*) {}
extern "C" BITALE_HIDDEN void __tsan_func_exit() {}
