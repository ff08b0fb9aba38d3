//! Asking a network device's driver, linux/ethtool.h: what netlink does not tell.

use std::ffi::c_void;
use std::os::fd::OwnedFd;
use std::ptr::NonNull;

use rustix::io::Errno;
use rustix::ioctl::{Opcode, Updater, ioctl};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

const SIOCETHTOOL: Opcode = 0x8946;
/// A name with the 0 behind it.
const NAME_BYTES: usize = 16;

const GET_SETTINGS: u32 = 0x01;
const GET_DRIVER: u32 = 0x03;
const GET_STRINGS: u32 = 0x1b;
const GET_STATS: u32 = 0x1d;
/// The set of strings that name the statistics.
const STATS_SET: u32 = 1;

/// `struct ethtool_cmd`
const SETTINGS_BYTES: usize = 44;
/// `struct ethtool_drvinfo`
const DRIVER_BYTES: usize = 196;
/// `struct ethtool_gstrings` and `struct ethtool_stats` before their elements.
const STRINGS_HEADER_BYTES: usize = 12;
const STATS_HEADER_BYTES: usize = 8;
const STRING_BYTES: usize = 32;
const STAT_BYTES: usize = 8;

/// More statistics are not asked for.
pub const MOST_STATS: u32 = 32_768;

/// Asks drivers; each answer is the kernel's structure as it is.
pub struct Ethtool {
    socket: OwnedFd,
    area: Area,
}

/// `struct ifreq` with a pointer in it.
#[repr(C)]
struct Request {
    name: [u8; NAME_BYTES],
    data: *mut c_void,
    rest: [usize; 2],
}

impl Ethtool {
    /// # Errors
    /// Where there is no socket or no memory to be had.
    pub fn open() -> Result<Self, Errno> {
        let flags = SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, flags, None)?;
        Ok(Self { socket, area: Area::map()? })
    }

    /// The settings of the device's link: `struct ethtool_cmd`.
    ///
    /// # Errors
    /// Where there is no such device, or its driver has none.
    pub fn link_settings(&mut self, device: &str) -> Result<&[u8], Errno> {
        self.ask(device, &[GET_SETTINGS], SETTINGS_BYTES)
    }

    /// What the device's driver is: `struct ethtool_drvinfo`.
    ///
    /// # Errors
    /// As of [`Self::link_settings`].
    pub fn driver(&mut self, device: &str) -> Result<&[u8], Errno> {
        self.ask(device, &[GET_DRIVER], DRIVER_BYTES)
    }

    /// The names of the driver's `count` statistics: `struct ethtool_gstrings`.
    ///
    /// # Errors
    /// As of [`Self::link_settings`], and where they are more than [`MOST_STATS`].
    pub fn stat_names(&mut self, device: &str, count: u32) -> Result<&[u8], Errno> {
        let bytes = STRINGS_HEADER_BYTES + elements(count)? * STRING_BYTES;
        self.ask(device, &[GET_STRINGS, STATS_SET, count], bytes)
    }

    /// The statistics: `struct ethtool_stats`.
    ///
    /// # Errors
    /// As of [`Self::stat_names`].
    pub fn stats(&mut self, device: &str, count: u32) -> Result<&[u8], Errno> {
        let bytes = STATS_HEADER_BYTES + elements(count)? * STAT_BYTES;
        self.ask(device, &[GET_STATS, count], bytes)
    }

    fn ask(&mut self, device: &str, command: &[u32], bytes: usize) -> Result<&[u8], Errno> {
        let mut name = [0; NAME_BYTES];
        let place = name.get_mut(..device.len()).filter(|place| place.len() < NAME_BYTES);
        place.ok_or(Errno::NODEV)?.copy_from_slice(device.as_bytes());
        let answer = self.area.bytes_mut().get_mut(..bytes).ok_or(Errno::INVAL)?;
        answer.fill(0);
        for (place, word) in answer.chunks_exact_mut(4).zip(command) {
            place.copy_from_slice(&word.to_ne_bytes());
        }
        #[cfg(fuzzing)]
        if let Some(said) = crate::fuzzing::answer(answer) {
            return said.map(|()| &self.area.bytes_mut()[..bytes]);
        }
        let mut request = Request { name, data: self.area.start.as_ptr(), rest: [0; 2] };
        // SAFETY: SIOCETHTOOL takes a `struct ifreq` that points to a structure of the command's. The
        // commands above only read a device. They write what the driver has at that moment, which may
        // be more than was asked for, but from the area's start and never beyond its end, see `Area`.
        unsafe { ioctl(&self.socket, Updater::<SIOCETHTOOL, Request>::new(&mut request)) }?;
        Ok(&self.area.bytes_mut()[..bytes])
    }
}

fn elements(count: u32) -> Result<usize, Errno> {
    if count > MOST_STATS { Err(Errno::TOOBIG) } else { Ok(count as usize) }
}

/// Memory into which the kernel may write without knowing how much there is: behind the part for
/// answers comes more than it ever writes, which is nobody's, so that a longer answer ends with an error.
struct Area {
    start: NonNull<c_void>,
}

impl Area {
    /// Room for [`MOST_STATS`] strings and their header.
    const ANSWER_BYTES: usize = 2 << 20;
    /// The kernel's elements are at most 2^31 bytes.
    const ALL_BYTES: usize = (2 << 30) + 2 * Self::ANSWER_BYTES;

    fn map() -> Result<Self, Errno> {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new mapping at a place of the kernel's choice overlaps nothing.
        let start = unsafe {
            mmap_anonymous(std::ptr::null_mut(), Self::ALL_BYTES, ProtFlags::empty(), flags)
        }?;
        let area = Self { start: NonNull::new(start).ok_or(Errno::NOMEM)? };
        let writable = MprotectFlags::READ | MprotectFlags::WRITE;
        // SAFETY: these bytes are the mapping's, and nothing refers to them yet.
        unsafe { mprotect(start, Self::ANSWER_BYTES, writable) }?;
        Ok(area)
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: so many bytes from the start are mapped, zeroed, readable and writable until this is
        // dropped, and nothing else refers to them: the slice borrows all of this.
        unsafe {
            std::slice::from_raw_parts_mut(self.start.as_ptr().cast::<u8>(), Self::ANSWER_BYTES)
        }
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        // SAFETY: the mapping is this one's, and what borrowed from it is gone. It cannot fail with the
        // arguments of `map`, and there would be nothing to do.
        let _ = unsafe { munmap(self.start.as_ptr(), Self::ALL_BYTES) };
    }
}

// SAFETY: the mapping belongs to this one alone, on whichever thread it is.
unsafe impl Send for Area {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_kernels_headers() {
        let values = edctl_testkit::c_values(
            "#include <linux/ethtool.h>\n#include <linux/if.h>\n#include <linux/sockios.h>",
            &[
                "SIOCETHTOOL",
                "IFNAMSIZ",
                "ETHTOOL_GSET",
                "ETHTOOL_GDRVINFO",
                "ETHTOOL_GSTRINGS",
                "ETHTOOL_GSTATS",
                "ETH_SS_STATS",
                "sizeof(struct ethtool_cmd)",
                "sizeof(struct ethtool_drvinfo)",
                "sizeof(struct ethtool_gstrings)",
                "sizeof(struct ethtool_stats)",
                "ETH_GSTRING_LEN",
            ],
        );
        let ours = [
            SIOCETHTOOL.into(),
            NAME_BYTES as u64,
            GET_SETTINGS.into(),
            GET_DRIVER.into(),
            GET_STRINGS.into(),
            GET_STATS.into(),
            STATS_SET.into(),
            SETTINGS_BYTES as u64,
            DRIVER_BYTES as u64,
            STRINGS_HEADER_BYTES as u64,
            STATS_HEADER_BYTES as u64,
            STRING_BYTES as u64,
        ];
        assert_eq!(values, ours);
    }

    #[test]
    fn the_area_can_be_written_to_its_end() {
        let mut area = Area::map().unwrap();
        let bytes = area.bytes_mut();
        assert!(bytes.iter().all(|byte| *byte == 0));
        bytes.fill(7);
        assert_eq!(bytes.last(), Some(&7));
    }

    #[test]
    fn the_loopback_device_has_no_link_settings() {
        let mut ethtool = Ethtool::open().unwrap();
        assert_eq!(ethtool.link_settings("lo").err(), Some(Errno::OPNOTSUPP));
        for name in ["", "no-such-device", "a-name-that-is-too-long-for-a-device"] {
            assert_eq!(ethtool.driver(name).err(), Some(Errno::NODEV), "{name}");
        }
    }

    #[test]
    fn more_statistics_than_there_is_room_for_are_not_asked_for() {
        let mut ethtool = Ethtool::open().unwrap();
        assert_eq!(ethtool.stats("lo", MOST_STATS + 1).err(), Some(Errno::TOOBIG));
        assert_eq!(ethtool.stat_names("lo", u32::MAX).err(), Some(Errno::TOOBIG));
        assert_eq!(ethtool.stat_names("lo", MOST_STATS).err(), Some(Errno::OPNOTSUPP));
    }

    #[test]
    fn what_a_driver_says_is_of_the_size_that_it_should_be() {
        let mut ethtool = Ethtool::open().unwrap();
        for entry in std::fs::read_dir("/sys/class/net").unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if let Ok(driver) = ethtool.driver(&name) {
                assert_eq!(driver.len(), DRIVER_BYTES);
                assert_eq!(driver[..4], GET_DRIVER.to_ne_bytes());
            }
        }
    }
}
