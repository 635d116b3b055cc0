//! A server that is called: what it says, and what the caller may.

use super::key;
use super::validator::wrong;
use super::{WRAPPER, client};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result};
use crate::pg::foreign_server::ForeignServer;
use crate::pg::settings;
use crate::text::pii;
use algo_text::endpoint::hosts::Hosts;
use algo_text::endpoint::options::{SERVER, ServerOptions};
use algo_text::endpoint::secret::Secret;
use algo_text::pii::Redactor;

/// A server that the caller may use, whose host may be reached.
pub struct Server {
    pub foreign: ForeignServer,
    pub options: ServerOptions,
    pub key: Option<Secret>,
    pub authorities: client::Authorities,
    /// What takes out of texts what may not leave.
    pub redactor: Option<Redactor>,
}

/// What a server says, for a caller who has USAGE on it.
pub fn described(name: &str) -> Result<(ForeignServer, ServerOptions)> {
    let foreign = ForeignServer::open(name, WRAPPER)?;
    let options = ServerOptions::read(foreign.options()).map_err(|problem| wrong(problem, &SERVER))?;
    Ok((foreign, options))
}

impl Server {
    /// The server of this name. Returns an error where there is none, the caller may not use it, or its host may not be reached.
    pub fn open(name: &str) -> Result<Server> {
        /// Of a file with certificates; the system's own has a quarter of that.
        const MOST: u64 = 1024 * 1024;
        let (foreign, options) = described(name)?;
        require_listed(name, &options)?;
        let authorities = match &options.ca_file {
            Some(path) => client::Authorities::Given(key::file(path, MOST)?),
            None => client::Authorities::System,
        };
        Ok(Server {
            key: key::key_of(&foreign)?,
            redactor: options.redact.clone().map(pii::redactor).transpose()?,
            foreign,
            options,
            authorities,
        })
    }
}

/// Returns 42501 unless a superuser lists the host.
fn require_listed(name: &str, options: &ServerOptions) -> Result<()> {
    let hosts = Hosts::parse(&settings::endpoints()).map_err(|(entry, problem)| {
        Error::new(
            INVALID_PARAMETER,
            format!("setting assay.endpoints has \"{entry}\", which is no host"),
        )
        .detail(format!("Of the entry: {problem}."))
        .hint("It is a list of host or host:port, such as 'api.openai.com, 10.0.0.5:8080'.")
    })?;
    let (host, port) = (&options.base_url.host, options.base_url.port);
    match hosts.allow(host, port) {
        true => Ok(()),
        false => Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("host \"{host}\" of server \"{name}\" may not be reached"),
        )
        .detail(format!("assay.endpoints does not list it at port {port}."))
        .hint(format!("A superuser adds \"{host}:{port}\" to assay.endpoints."))),
    }
}
