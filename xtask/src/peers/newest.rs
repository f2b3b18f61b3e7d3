//! Current peers, newer than a stable Debian has them: unpacked from Debian's newest suite below `target/peers`,
//! not installed, so that the system's own packages stay as they are.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::shell;

use super::Missing;

/// What is unpacked, by package; each brings programs to `usr/bin`.
const PACKAGES: &[&str] = &[
    "prometheus",
    "promtool",
    "prometheus-alertmanager",
    "victoria-metrics",
];

/// The programs that the tests start, as proof that all was unpacked.
const PROGRAMS: &[&str] = &[
    "prometheus",
    "promtool",
    "prometheus-alertmanager",
    "amtool",
    "victoria-metrics",
    "vmagent",
    "vmalert",
];

/// Prometheus's own tests of its query language, from its source package.
const SCRIPTS: &str = "promqltest";

/// Debian's Alertmanager reads its templates from here and from nowhere else.
const TEMPLATES: &str = "usr/share/prometheus/alertmanager";

/// Takes the folder and the packages. The lists and packages lie beside what is unpacked, so that a second call that
/// was cut off goes on where the first one ended.
const UNPACK: &str = r#"
set -eu
dir=$1; shift
key=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$key" ] || { echo "   $key is missing: the package debian-archive-keyring brings it" >&2; exit 69; }
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
    grep -v '^ *#' | grep -oE 'https?://[^ ]*/debian(/| |$)' | head -n 1 | tr -d ' ')
[ -n "$mirror" ] || { echo "   this machine's apt knows no Debian mirror" >&2; exit 69; }
apt=$dir/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
: > "$apt/status"
printf '%s [signed-by=%s] %s sid main\n' deb "$key" "$mirror" deb-src "$key" "$mirror" > "$apt/sources.list"
cat > "$apt/apt.conf" <<CONF
Dir::State "$apt"; Dir::State::lists "$apt/lists"; Dir::State::status "$apt/status";
Dir::Cache "$apt/cache"; Dir::Etc::sourcelist "$apt/sources.list"; Dir::Etc::sourceparts "-";
APT::Sandbox::User "root"; Acquire::Retries "3";
CONF
export APT_CONFIG="$apt/apt.conf"
cd "$apt"
apt-get -qq update
apt-get -qq download "$@"
for package in ./*.deb; do dpkg-deb -x "$package" "$dir"; done
apt-get -qq source --download-only --tar-only prometheus
rm -rf scripts "$dir/promqltest"
mkdir scripts
tar -xf prometheus_*.orig.tar.* -C scripts --wildcards '*/promql/promqltest/testdata/*.test'
mv scripts/*/promql/promqltest/testdata "$dir/promqltest"
rm -rf "$apt"
"#;

/// Where the current peers lie.
pub struct Newest {
    folder: PathBuf,
}

impl Newest {
    /// The folder of the programs.
    pub fn programs(&self) -> PathBuf {
        self.folder.join("usr/bin")
    }

    /// The folder of Prometheus's test scripts.
    pub fn scripts(&self) -> PathBuf {
        self.folder.join(SCRIPTS)
    }

    /// Tells a test or a bench where they are.
    pub fn tell(&self, command: &mut Command) {
        command
            .env("TEGATA_PEERS", self.programs())
            .env("TEGATA_PROMQLTEST", self.scripts());
    }

    /// Puts Alertmanager's templates where it looks for them, unless a package has done so.
    fn templates(&self) -> anyhow::Result<()> {
        let (ours, system) = (self.folder.join(TEMPLATES), Path::new("/").join(TEMPLATES));
        if system.is_dir() || !ours.is_dir() {
            return Ok(());
        }
        let copied = fs::create_dir_all(&system).and_then(|()| {
            for file in fs::read_dir(&ours)? {
                let file = file?;
                if file.file_type()?.is_file() {
                    fs::copy(file.path(), system.join(file.file_name()))?;
                }
            }
            Ok(())
        });
        copied.map_err(|error| {
            Missing(format!(
                "Alertmanager's templates could not be put into {}: {error}\n\
                 Copy them from {}, or install the package prometheus-alertmanager",
                system.display(),
                ours.display(),
            ))
            .into()
        })
    }

    fn is_whole(&self) -> bool {
        let programs = self.programs();
        PROGRAMS
            .iter()
            .all(|program| programs.join(program).is_file())
            && self.scripts().is_dir()
    }
}

/// Finds the peers, or brings them.
pub fn ensure() -> anyhow::Result<Newest> {
    let folder = shell::root().join("target/peers");
    let newest = Newest { folder };
    if newest.is_whole() {
        newest.templates()?;
        return Ok(newest);
    }
    println!("   unpacking {}", PACKAGES.join(" "));
    fs::create_dir_all(&newest.folder)?;
    let mut unpack = Command::new("sh");
    unpack
        .args(["-c", UNPACK, "unpack"])
        .arg(&newest.folder)
        .args(PACKAGES);
    match shell::run(&mut unpack) {
        Ok(()) if newest.is_whole() => {
            newest.templates()?;
            Ok(newest)
        }
        done => Err(Missing(format!(
            "current peers could not be unpacked from Debian's newest suite{}\n\
             Put {} into {}, and the scripts of Prometheus's promqltest into {}",
            done.err()
                .map(|error| format!(": {error:#}"))
                .unwrap_or_default(),
            PROGRAMS.join(", "),
            newest.programs().display(),
            newest.scripts().display(),
        ))
        .into()),
    }
}
