//! The sections of what sdiag prints.

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    #[default]
    Head,
    Main,
    Backfill,
    MainExits,
    BackfillExits,
    Types,
    Users,
    /// Requests that wait to be sent: their number is the agent queue's, their lines name nodes.
    Pending,
    /// What stands under a heading that is not known.
    Other,
}

/// How the sections' headings begin; what follows differs (`:`, a warning, a unit).
pub(super) const HEADINGS: &[(&str, Section)] = &[
    ("Main schedule statistics", Section::Main),
    ("Main scheduler exit", Section::MainExits),
    ("Backfilling stats", Section::Backfill),
    ("Backfill exit", Section::BackfillExits),
    ("Remote Procedure Call statistics by message type", Section::Types),
    ("Remote Procedure Call statistics by user", Section::Users),
    ("Pending RPC", Section::Pending),
];
