//! Files that backends map into their memory to share what is in them: the weights of an encoder, of which each backend would need a copy
//! otherwise. They lie where PostgreSQL keeps temporary files and are named as those are, so that a server that starts removes them, and a base
//! backup leaves them out. What is in them can be made again at any time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::ptr::null_mut;

use pgrx::pg_sys;

/// Where PostgreSQL keeps temporary files of the default tablespace. The working directory of a backend is that of the cluster.
const FOLDER: &str = "base/pgsql_tmp";
/// How names of temporary files begin.
const PREFIX: &str = "pgsql_tmp_assay_";

/// A file in memory, for reading.
pub struct SharedFile {
    start: *mut libc::c_void,
    length: usize,
}

// SAFETY: the mapping is only read, and nobody writes into a file that has its name.
unsafe impl Send for SharedFile {}
// SAFETY: as above.
unsafe impl Sync for SharedFile {}

impl AsRef<[u8]> for SharedFile {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the mapping has this length, and lives as long as this.
        unsafe { std::slice::from_raw_parts(self.start.cast(), self.length) }
    }
}

impl Drop for SharedFile {
    fn drop(&mut self) {
        // SAFETY: the mapping is of this value alone.
        unsafe { libc::munmap(self.start, self.length) };
    }
}

/// The beginning of the names of the current database's files.
fn prefix() -> String {
    // SAFETY: a variable of this process.
    let database = unsafe { (&raw const pg_sys::MyDatabaseId).read() };
    format!("{PREFIX}{}_", database.to_u32())
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(format!("{FOLDER}/{}{name}", prefix()))
}

/// The file of that name; `None` where there is none, or it cannot be mapped. `name` is of letters and digits.
pub fn find(name: &str) -> Option<SharedFile> {
    map(&File::open(path(name)).ok()?).ok()
}

fn map(file: &File) -> io::Result<SharedFile> {
    let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    // SAFETY: a new mapping of an open file, which touches no other; the file is as long as this, for it was given its name when it was whole. An empty
    // one cannot be mapped, which is an error.
    let start = unsafe {
        libc::mmap(
            null_mut(),
            length,
            libc::PROT_READ,
            libc::MAP_SHARED | libc::MAP_POPULATE,
            file.as_raw_fd(),
            0,
        )
    };
    if start == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    Ok(SharedFile { start, length })
}

/// A file that is being written. It has another name until it is whole, and is removed where it does not become so.
pub struct Draft {
    file: File,
    path: PathBuf,
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Draft {
    /// Begins the file of that name. Returns an error where the disk does not let it.
    pub fn begin(name: &str) -> io::Result<Draft> {
        let path = path(&format!("{name}.{}", std::process::id()));
        fs::create_dir_all(FOLDER)?;
        // Left behind by a process of this number that was killed.
        let _ = fs::remove_file(&path);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Draft { file, path })
    }

    /// Appends a part.
    pub fn write(&mut self, part: &[u8]) -> io::Result<()> {
        self.file.write_all(part)
    }

    /// Gives the whole file its name, and maps it.
    pub fn finish(self, name: &str) -> io::Result<SharedFile> {
        fs::rename(&self.path, path(name))?;
        map(&File::open(path(name))?)
    }
}

/// The names of all files that are like these, of any database.
fn all() -> Vec<String> {
    let Ok(entries) = fs::read_dir(FOLDER) else {
        return Vec::new();
    };
    let names = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.starts_with(PREFIX)).collect()
}

/// The names of the current database's files, whole ones only.
pub fn names() -> Vec<String> {
    let prefix = prefix();
    all()
        .iter()
        .filter_map(|name| name.strip_prefix(&prefix).map(String::from))
        .filter(|name| !name.contains('.'))
        .collect()
}

/// The databases that have such files.
pub fn databases() -> Vec<u32> {
    let mut databases: Vec<u32> = all().iter().filter_map(|name| database_of(name)).collect();
    databases.sort_unstable();
    databases.dedup();
    databases
}

fn database_of(name: &str) -> Option<u32> {
    name.strip_prefix(PREFIX)?.split('_').next()?.parse().ok()
}

/// Removes the files of a database.
pub fn remove_all_of(database: u32) {
    for name in all() {
        if database_of(&name) == Some(database) {
            let _ = fs::remove_file(format!("{FOLDER}/{name}"));
        }
    }
}

/// Removes a file; who has mapped it keeps what is in it.
pub fn remove(name: &str) {
    let _ = fs::remove_file(path(name));
}
