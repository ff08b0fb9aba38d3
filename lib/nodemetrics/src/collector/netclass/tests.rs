//! The whole collector, over files and over the kernel.

use super::*;
use crate::options::netclass::NetclassOptions;
use crate::reading::sysfs::tests::{put, shown, tree};

#[test]
fn devices_with_what_they_have() {
    let tree = tree(&[
        ("class/net/eth0/address", "01:02:03:04:05:06\n"),
        ("class/net/eth0/operstate", "up\n"),
        ("class/net/eth0/duplex", "full\n"),
        ("class/net/eth0/flags", "0x1303\n"),
        ("class/net/eth0/mtu", "1500\n"),
        ("class/net/eth0/speed", "1000\n"),
        ("class/net/eth0/carrier_changes", "2\n"),
        ("class/net/veth1/operstate", "down\n"),
        ("class/net/veth1/flags", "0x1002\n"),
        ("class/net/veth1/speed", "-1\n"),
        ("class/net/bonding_masters", "bond0\n"),
    ]);
    put(tree.path(), "class/net/veth1/mtu", b"many\n");
    let page = shown(&ENTRY, tree.path()).unwrap();
    for line in [
        "node_network_up{device=\"eth0\"} 1",
        "node_network_up{device=\"veth1\"} 0",
        "node_network_info{device=\"eth0\",address=\"01:02:03:04:05:06\",broadcast=\"\",\
         duplex=\"full\",operstate=\"up\",adminstate=\"up\",ifalias=\"\"} 1",
        "node_network_flags{device=\"eth0\"} 4867",
        "node_network_speed_bytes{device=\"eth0\"} 125000000",
        "node_network_speed_bytes{device=\"veth1\"} -125000",
        "node_network_carrier_changes_total{device=\"eth0\"} 2",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
    assert!(!page.contains("bonding_masters"), "{page}");
    assert!(!page.contains("node_network_mtu_bytes{device=\"veth1\"}"), "{page}");
    assert!(!page.contains("node_network_carrier{device"), "{page}");
}

#[test]
fn the_kernel_tells_what_its_files_tell() {
    let mut netclass = Netclass::new(&Host::real(Default::default()), &NetclassOptions::default());
    let names = sysfs::list(&netclass.dir).unwrap();
    let asked = netclass.asked.as_mut().unwrap();
    for _ in 0..2 {
        let found = asked.read(&netclass.dir, &names).unwrap();
        assert_eq!(found, files::read(&netclass.dir, &names));
        assert!(found.iter().any(|device| device.name == "lo"));
    }
    let others: Vec<String> = names.iter().filter(|name| *name != "lo").cloned().collect();
    assert!(asked.read(&netclass.dir, &others).is_none(), "of another network");
}

#[test]
fn a_device_that_is_not_shown_is_not_there() {
    let tree = tree(&[("class/net/eth0/mtu", "1500\n"), ("class/net/veth1/mtu", "1500\n")]);
    let mut options = crate::options::Options::default();
    options.netclass.ignored_devices = "^veth".to_owned();
    let (page, _) =
        crate::reading::sysfs::tests::shown_with(&ENTRY, tree.path(), &options).unwrap();
    assert!(page.contains("eth0") && !page.contains("veth1"), "{page}");
}
