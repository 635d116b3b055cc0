//! Names become addresses once, on the thread of the call, and each address is looked at; the connection goes to one of these.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::client::{Stage, Trouble};
use algo_text::endpoint::address::{Place, place};
use algo_text::endpoint::base_url::{BaseUrl, Host, Scheme};

/// ureq keeps no more.
const MOST: usize = 16;

/// Resolves the host of one address of an endpoint, and nothing else.
#[derive(Debug)]
pub struct Checked {
    pub url: BaseUrl,
    pub stage: Arc<Stage>,
}

impl Checked {
    fn addresses(&self) -> Result<Vec<SocketAddr>, Trouble> {
        let port = self.url.port;
        let found: Vec<SocketAddr> = match &self.url.host {
            Host::Address(address) => vec![SocketAddr::new(*address, port)],
            Host::Name(name) => (name.as_str(), port)
                .to_socket_addrs()
                .map_err(|_| Trouble::Unresolved)?
                .take(MOST)
                .collect(),
        };
        if found.is_empty() {
            return Err(Trouble::Unresolved);
        }
        for found in &found {
            match (place(found.ip()), self.url.scheme) {
                (Place::Never(why), _) => return Err(Trouble::Forbidden(found.ip(), why)),
                (Place::Public, Scheme::Http) => return Err(Trouble::Open(found.ip())),
                (Place::Public, Scheme::Https) | (Place::Local, _) => {}
            }
        }
        Ok(found)
    }
}

impl Resolver for Checked {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        match self.addresses() {
            Ok(addresses) => {
                let mut kept = self.empty();
                addresses.into_iter().for_each(|address| kept.push(address));
                Ok(kept)
            }
            Err(trouble) => {
                self.stage.stop(trouble);
                Err(ureq::Error::HostNotFound)
            }
        }
    }
}
