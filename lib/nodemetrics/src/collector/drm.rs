//! `node_drm_*`: how busy AMD's GPUs are and what their memory holds, from /sys/class/drm, by the driver amdgpu.
//!
//! What a card does not say is absent, where node_exporter shows 0; that one sees ten cards at most.

use std::path::{Path, PathBuf};

use edctl_exposition::{Family, Page};

use crate::frame::entry::{Collector, Entry, FamilyDoc, Preset, Runs};
use crate::host::Host;
use crate::reading::error::CollectError;
use crate::reading::left_out::or_left_out;
use crate::reading::sysfs;

const CARD: &[&str] = &["card"];

/// The attribute, the family and its help: see "GPU Driver Documentation, amdgpu" of the kernel.
const GAUGES: [(&str, FamilyDoc, &str); 7] = [
    (
        "gpu_busy_percent",
        FamilyDoc::gauge("node_drm_gpu_busy_percent", CARD),
        "How busy the GPU is, of 100.",
    ),
    (
        "mem_info_gtt_total",
        FamilyDoc::gauge("node_drm_memory_gtt_size_bytes", CARD),
        "Memory of the node that the GPU may use.",
    ),
    (
        "mem_info_gtt_used",
        FamilyDoc::gauge("node_drm_memory_gtt_used_bytes", CARD),
        "What of it is in use.",
    ),
    (
        "mem_info_vis_vram_total",
        FamilyDoc::gauge("node_drm_memory_vis_vram_size_bytes", CARD),
        "Memory of the GPU that the CPU can reach.",
    ),
    (
        "mem_info_vis_vram_used",
        FamilyDoc::gauge("node_drm_memory_vis_vram_used_bytes", CARD),
        "What of it is in use.",
    ),
    (
        "mem_info_vram_total",
        FamilyDoc::gauge("node_drm_memory_vram_size_bytes", CARD),
        "Memory of the GPU.",
    ),
    (
        "mem_info_vram_used",
        FamilyDoc::gauge("node_drm_memory_vram_used_bytes", CARD),
        "What of it is in use.",
    ),
];

pub(super) const ENTRY: Entry = Entry {
    name: "drm",
    preset: Preset::Off,
    // Asks the card, which may sleep.
    runs: Runs::ApartIfAny("class/drm"),
    reads: "/sys/class/drm",
    families: &[
        FamilyDoc::gauge(
            "node_drm_card_info",
            &["card", "memory_vendor", "power_performance_level", "unique_id", "vendor"],
        ),
        GAUGES[0].1,
        GAUGES[1].1,
        GAUGES[2].1,
        GAUGES[3].1,
        GAUGES[4].1,
        GAUGES[5].1,
        GAUGES[6].1,
    ],
    make: |host, _| Box::new(Drm::new(host)),
};

struct Drm {
    dir: PathBuf,
}

impl Drm {
    fn new(host: &Host) -> Self {
        Self { dir: host.paths.sysfs.join("class/drm") }
    }
}

impl Collector for Drm {
    fn collect(&mut self, page: &mut Page) -> Result<(), CollectError> {
        let mut info = Family::gauge("node_drm_card_info", "1, and what the card is.");
        let mut gauges = GAUGES.map(|(_, doc, help)| Family::gauge(doc.name, help));
        for (card, _) in sysfs::list_numbered(&self.dir, "card")? {
            let device = self.dir.join(&card).join("device");
            if !is_of_amdgpu(&device) {
                continue;
            }
            let text = |file| or_left_out(sysfs::text(&device.join(file))).unwrap_or_default();
            let labels = [
                ("card", card.as_str()),
                ("memory_vendor", &text("mem_info_vram_vendor")),
                ("power_performance_level", &text("power_dpm_force_performance_level")),
                ("unique_id", &text("unique_id")),
                ("vendor", "amd"),
            ];
            info.push(&labels, 1u64);
            for (family, (file, _, _)) in gauges.iter_mut().zip(GAUGES) {
                if let Some(value) = or_left_out::<u64>(sysfs::number(&device.join(file))) {
                    family.push(&[("card", &card)], value);
                }
            }
        }
        page.add(info);
        gauges.into_iter().for_each(|family| page.add(family));
        Ok(())
    }
}

fn is_of_amdgpu(device: &Path) -> bool {
    let uevent = or_left_out(sysfs::text(&device.join("uevent"))).unwrap_or_default();
    uevent.lines().any(|line| line == "DRIVER=amdgpu")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::reading::error::State;
    use crate::reading::sysfs::tests::{shown, shown_with, tree};

    #[test]
    fn amds_cards_among_others() {
        let dir = tree(&[
            ("class/drm/card0/device/uevent", "DRIVER=ast\nPCI_CLASS=30000\n"),
            ("class/drm/card0/device/mem_info_vram_total", "1\n"),
            ("class/drm/card1/device/uevent", "DRIVER=amdgpu\nPCI_CLASS=38000\n"),
            ("class/drm/card1/device/unique_id", "0123456789abcdef\n"),
            ("class/drm/card1/device/mem_info_vram_vendor", "samsung\n"),
            ("class/drm/card1/device/gpu_busy_percent", "4\n"),
            ("class/drm/card1/device/mem_info_vram_total", "17163091968\n"),
            ("class/drm/card1/device/mem_info_vram_used", "18446744073709551615\n"),
            ("class/drm/card1-DP-1/status", "disconnected\n"),
            ("class/drm/card10/device/uevent", "DRIVER=amdgpu\n"),
            ("class/drm/card10/device/mem_info_gtt_used", "many\n"),
            ("class/drm/card10/device/mem_info_gtt_total", "8192\n"),
            ("class/drm/card11/status", "no device\n"),
            ("class/drm/renderD128/device/uevent", "DRIVER=amdgpu\n"),
        ]);
        let (text, errors) = shown_with(&ENTRY, dir.path(), &Options::default()).unwrap();
        assert_eq!(errors, 2);
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            lines,
            [
                r#"node_drm_card_info{card="card1",memory_vendor="samsung",power_performance_level="",unique_id="0123456789abcdef",vendor="amd"} 1"#,
                r#"node_drm_card_info{card="card10",memory_vendor="",power_performance_level="",unique_id="",vendor="amd"} 1"#,
                r#"node_drm_gpu_busy_percent{card="card1"} 4"#,
                r#"node_drm_memory_gtt_size_bytes{card="card10"} 8192"#,
                r#"node_drm_memory_vram_size_bytes{card="card1"} 17163091968"#,
            ]
        );
        assert_eq!(shown(&ENTRY, tree(&[]).path()), Err(State::Absent));
    }
}
