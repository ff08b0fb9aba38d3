//! `node_network_receive_*` and `node_network_transmit_*`: what the network's devices carried, from
//! rtnetlink, or from /proc/net/dev where proc is not this machine's; the sums are those of the latter.

use crate::options::netdev::NetdevOptions;
use std::path::PathBuf;

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::options::filter::Filter;
use crate::reading::error::CollectError;
use crate::reading::kernel_file::{KernelFile, Text};
use crate::reading::left_out::or_left_out;
use crate::reading::links::{Link, Links, Stats};
use crate::reading::number::is_count;
use crate::reading::sysfs;

pub(super) const ENTRY: Entry = Entry {
    name: "netdev",
    preset: Preset::On,
    // What changes a device may hold the kernel's lock on all of them for long.
    runs: Runs::Apart,
    reads: "rtnetlink, or /proc/net/dev and /sys/class/net/*/statistics/rx_nohandler",
    families: &[
        FamilyDoc::counter("node_network_receive_<field>_total", &["device"]),
        FamilyDoc::counter("node_network_transmit_<field>_total", &["device"]),
    ],
    make: |host, options| Box::new(Netdev::new(host, &options.netdev)),
};

/// The columns behind a device's name.
const RECEIVE: [&str; 8] =
    ["bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast"];
const TRANSMIT: [&str; 8] =
    ["bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed"];
const COLUMNS: usize = RECEIVE.len() + TRANSMIT.len();
/// Lines of /proc/net/dev above the devices.
const HEADINGS: usize = 2;

pub(super) struct Netdev {
    /// The kernel itself, where it is the one that the files are of.
    links: Option<Links>,
    file: KernelFile,
    class: PathBuf,
    filter: Filter,
}

/// What one device carried: its columns, and the packets that nobody listened for.
struct Device {
    name: String,
    columns: [Option<u64>; COLUMNS],
    nohandler: Option<u64>,
}

impl Netdev {
    pub(super) fn new(host: &Host, options: &NetdevOptions) -> Self {
        Self {
            links: host.is_where_we_run().then(Links::new),
            file: KernelFile::new(host.paths.procfs.join("net/dev")),
            class: host.paths.sysfs.join("class/net"),
            filter: Filter::new(&options.device_include, &options.device_exclude),
        }
    }

    fn ask(&mut self) -> Option<Vec<Device>> {
        let links = self.links.as_mut()?.read();
        let links = links
            .inspect_err(|error| tracing::debug!(collector = ENTRY.name, "{error}; reads files"))
            .ok()?;
        // Where one has no figures, or one that is no count, the file tells of all.
        links.into_iter().map(Device::of).collect()
    }

    fn read(&mut self) -> Result<Vec<Device>, CollectError> {
        let mut devices = parse(self.file.read()?)?;
        for device in devices.iter_mut().filter(|device| self.filter.shows(&device.name)) {
            let path = self.class.join(&device.name).join("statistics/rx_nohandler");
            device.nohandler = or_left_out(sysfs::number(&path));
        }
        Ok(devices)
    }
}

impl Collector for Netdev {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut devices = match self.ask() {
            Some(devices) => devices,
            None => self.read()?,
        };
        devices.retain(|device| self.filter.shows(&device.name));
        for (column, mut family) in families().into_iter().enumerate() {
            for device in &devices {
                family.push_known(&[("device", &device.name)], device.columns[column]);
            }
            page.add(family);
        }
        let mut nohandler = Family::counter(
            "node_network_receive_nohandler_total",
            "Packets that came on a device that nobody listens to.",
        );
        for device in &devices {
            nohandler.push_known(&[("device", &device.name)], device.nohandler);
        }
        page.add(nohandler);
        Ok(())
    }
}

impl Device {
    fn of(link: Link) -> Option<Self> {
        let stats = link.stats?;
        let columns = columns(&stats);
        let are_counts = columns.iter().chain(&stats.rx_nohandler).all(is_count);
        are_counts.then(|| Self {
            name: link.name,
            columns: columns.map(Some),
            nohandler: stats.rx_nohandler,
        })
    }
}

/// The columns of /proc/net/dev, as the kernel makes them.
fn columns(stats: &Stats) -> [u64; COLUMNS] {
    let sum =
        |numbers: &[u64]| numbers.iter().fold(0, |sum: u64, number| sum.wrapping_add(*number));
    [
        stats.rx_bytes,
        stats.rx_packets,
        stats.rx_errors,
        sum(&[stats.rx_dropped, stats.rx_missed_errors]),
        stats.rx_fifo_errors,
        sum(&[
            stats.rx_length_errors,
            stats.rx_over_errors,
            stats.rx_crc_errors,
            stats.rx_frame_errors,
        ]),
        stats.rx_compressed,
        stats.multicast,
        stats.tx_bytes,
        stats.tx_packets,
        stats.tx_errors,
        stats.tx_dropped,
        stats.tx_fifo_errors,
        stats.collisions,
        sum(&[
            stats.tx_carrier_errors,
            stats.tx_aborted_errors,
            stats.tx_window_errors,
            stats.tx_heartbeat_errors,
        ]),
        stats.tx_compressed,
    ]
}

fn families() -> Vec<Family> {
    let family = |direction: &str, field: &str| {
        let help = ["The column ", field, " of what the device did ", direction, "."].concat();
        Family::counter(["node_network_", direction, "_", field, "_total"].concat(), help)
    };
    let receive = RECEIVE.iter().map(|field| family("receive", field));
    receive.chain(TRANSMIT.iter().map(|field| family("transmit", field))).collect()
}

fn parse(text: Text<'_>) -> Result<Vec<Device>, CollectError> {
    let expected = "expected a device and sixteen numbers";
    let devices = text.rows_below(HEADINGS, expected, |number, line| {
        // A device's name may hold a colon; numbers do not.
        let (device, rest) = line.rsplit_once(':')?;
        let mut words = rest.split_ascii_whitespace();
        let words: [Option<&str>; COLUMNS] = std::array::from_fn(|_| words.next());
        words[COLUMNS - 1]?;
        let columns = words.map(|word| text.number(number, word));
        Some(Device { name: device.trim().to_owned(), columns, nohandler: None })
    })?;
    if devices.is_empty() { Err(text.wrong(1, "expected devices")) } else { Ok(devices) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reading::left_out::LeftOut;

    const HEAD: &str = "Inter-|   Receive  |  Transmit\n face |bytes packets|bytes packets\n";

    #[test]
    fn devices_and_their_columns() {
        let content = format!(
            "{HEAD}    lo: 85456154   59704    0    0    0     0          0         0 1 2 3 4 5 6 7 8\n\
             eth0:1:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
        );
        let devices = parse(Text::of(&content)).unwrap();
        let [first, second] = &devices[..] else { panic!("{}", devices.len()) };
        assert_eq!(
            (&*first.name, first.columns[0], first.columns[15]),
            ("lo", Some(85_456_154), Some(8))
        );
        assert_eq!((&*second.name, second.columns[8]), ("eth0:1", Some(9)));
        for bad in ["", "lo 1 2\n", "lo: 1 2 3\n"] {
            assert!(parse(Text::of(&format!("{HEAD}{bad}"))).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_odd_number_costs_no_other_and_an_odd_line_nothing() {
        let content = format!(
            "{HEAD}lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 -16\nlo: 1 2 3\n\
             eth0: 18446744073709540830 2 3 x 5 6 7 8 9 10 11 12 13 14 15 16\n"
        );
        let (devices, left_out) = LeftOut::during(|| parse(Text::of(&content)).unwrap());
        let [lo, eth0] = &devices[..] else { panic!("{}", devices.len()) };
        assert_eq!((lo.columns[14], lo.columns[15]), (Some(15), None));
        assert_eq!(eth0.columns[..5], [None, Some(2), Some(3), None, Some(5)]);
        assert_eq!(left_out.why().unwrap(), "test, line 3: expected a number (and 3 more)");
    }

    #[test]
    fn the_kernels_figures_are_the_files_columns() {
        let stats = Stats {
            rx_bytes: 1,
            rx_packets: 2,
            rx_errors: 3,
            rx_dropped: 4,
            rx_missed_errors: 10,
            rx_fifo_errors: 5,
            rx_length_errors: 100,
            rx_over_errors: 200,
            rx_crc_errors: 300,
            rx_frame_errors: u64::MAX,
            rx_compressed: 7,
            multicast: 8,
            tx_bytes: 9,
            tx_packets: 10,
            tx_errors: 11,
            tx_dropped: 12,
            tx_fifo_errors: 13,
            collisions: 14,
            tx_carrier_errors: 1000,
            tx_aborted_errors: 2000,
            tx_window_errors: 3000,
            tx_heartbeat_errors: 4000,
            tx_compressed: 16,
            rx_nohandler: Some(17),
        };
        let expected = [1, 2, 3, 14, 5, 599, 7, 8, 9, 10, 11, 12, 13, 14, 10_000, 16];
        assert_eq!(columns(&stats), expected);
        let link = Link { name: "ib0".to_owned(), stats: Some(stats), ..Link::default() };
        assert_eq!(Device::of(link).unwrap().nohandler, Some(17));
        assert!(Device::of(Link::default()).is_none());
        let wrapped = Stats { tx_dropped: 0u64.wrapping_sub(10_786), ..Stats::default() };
        assert!(Device::of(Link { stats: Some(wrapped), ..Link::default() }).is_none());
    }

    #[test]
    fn the_kernel_and_its_files_tell_of_the_same_devices() {
        let mut netdev = Netdev::new(&Host::real(Default::default()), &NetdevOptions::default());
        let names = |devices: Vec<Device>| {
            let mut names: Vec<String> = devices.into_iter().map(|device| device.name).collect();
            names.sort();
            names
        };
        let asked = names(netdev.ask().unwrap());
        assert_eq!(asked, names(netdev.read().unwrap()));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(content in ".{0,200}") {
            let _ = parse(Text::of(&format!("{HEAD}{content}")));
        }
    }
}
