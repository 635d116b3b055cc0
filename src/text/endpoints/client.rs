//! One call over HTTP, by ureq, on a thread that may be left alone. No redirects, no proxies, no second look at a name, bounded in size and time.

use std::io::Read;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::transport::{ConnectionDetails, Connector, RustlsConnector, TcpConnector, Transport};
use ureq::{Agent, Body, http};

use super::resolver::Checked;
use crate::pg::abandon;
use crate::pg::error::Result;
use algo_text::endpoint::base_url::{BaseUrl, Scheme};
use algo_text::endpoint::failure::retry_after;
use algo_text::endpoint::secret::Secret;

/// The longest time to connect, whatever the time of a whole call.
const CONNECT: Duration = Duration::from_secs(10);
/// How long after its time a call may come back before it is left alone: only a look for a name does not keep to it.
const GRACE: Duration = Duration::from_millis(200);
/// The most bytes of an answer's header.
const HEADER: usize = 32 * 1024;

/// Whose certificates are believed.
#[derive(Clone)]
pub enum Authorities {
    /// Those that this machine believes.
    System,
    /// Those in a file.
    Given(Vec<u8>),
}

/// What is sent, and how.
pub struct Request {
    pub url: BaseUrl,
    /// The end of the address.
    pub end: &'static str,
    pub body: String,
    pub key: Option<Secret>,
    pub authorities: Authorities,
    pub timeout: Duration,
    /// The most bytes of the answer.
    pub most: usize,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    /// In how many seconds to come again, where the server says so.
    pub retry_after: Option<u32>,
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// The host's name has no address.
    Unresolved,
    /// An address that is never reached, and why.
    Forbidden(IpAddr, &'static str),
    /// What is sent in the open stays within one's own networks.
    Open(IpAddr),
    /// Nobody takes the connection.
    Unreachable(String),
    /// The server does not prove who it is.
    Unproven(String),
    /// This machine believes no authority.
    NoAuthorities,
    TooLong,
    /// More bytes came than may.
    TooLarge(usize),
    /// What came is no HTTP, or ended early.
    Broken(&'static str),
}

/// How far a call has come.
#[derive(Debug, Default)]
pub struct Stage(Mutex<(bool, Option<Trouble>)>);

impl Stage {
    /// Keeps why the call does not go on.
    pub fn stop(&self, trouble: Trouble) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(trouble);
    }

    fn trouble(&self) -> Option<Trouble> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    fn connected(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = true;
    }

    /// Whether the server may have been sent something.
    fn is_connected(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The last link of the chain that connects: keeps that there is a connection.
#[derive(Debug)]
struct Connected(Arc<Stage>);

impl<In: Transport> Connector<In> for Connected {
    type Out = In;

    fn connect(&self, _: &ConnectionDetails, chained: Option<In>) -> std::result::Result<Option<In>, ureq::Error> {
        self.0.connected();
        Ok(chained)
    }
}

/// What became of a call: an answer, or why there is none and whether the server may have been sent something.
pub type Outcome = std::result::Result<Answer, (Trouble, bool)>;

/// Makes a call. Ends with the statement's cancel, too.
pub fn post(what: &str, request: Request) -> Result<Outcome> {
    let stage = Arc::new(Stage::default());
    let seen = Arc::clone(&stage);
    let agent = match agent(&request, &stage) {
        Ok(agent) => agent,
        Err(trouble) => return Ok(Err((trouble, false))),
    };
    let patience = request.timeout + GRACE;
    let mut ours = Some(agent.clone());
    let leave = move || {
        // Whatever the thread waits for, it then gets an error.
        if let Some(agent) = ours.take() {
            agent.shutdown();
        }
    };
    let work = move || {
        let outcome = send(&agent, &request);
        outcome.map_err(|problem| (stage.trouble().unwrap_or(problem), stage.is_connected()))
    };
    let outcome = abandon::run(what, patience, leave, work)?;
    Ok(outcome.unwrap_or_else(|| Err((Trouble::TooLong, seen.is_connected()))))
}

fn agent(request: &Request, stage: &Arc<Stage>) -> std::result::Result<Agent, Trouble> {
    let mut tls = TlsConfig::builder();
    if request.url.scheme == Scheme::Https {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        tls = tls
            .unversioned_rustls_crypto_provider(provider)
            .root_certs(roots(&request.authorities)?);
    }
    let config = Agent::config_builder()
        .tls_config(tls.build())
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false)
        .user_agent(concat!("assay/", env!("CARGO_PKG_VERSION")))
        .accept("application/json")
        .timeout_global(Some(request.timeout))
        .timeout_connect(Some(CONNECT.min(request.timeout)))
        .max_response_header_size(HEADER)
        .max_idle_connections(0)
        .build();
    let connector =
        ().chain(TcpConnector::default())
            .chain(RustlsConnector::default())
            .chain(Connected(Arc::clone(stage)));
    let resolver = Checked {
        url: request.url.clone(),
        stage: Arc::clone(stage),
    };
    Ok(Agent::with_parts(config, connector, resolver))
}

/// The certificates of authorities.
fn roots(authorities: &Authorities) -> std::result::Result<RootCerts, Trouble> {
    static SYSTEM: OnceLock<RootCerts> = OnceLock::new();
    let Authorities::Given(file) = authorities else {
        if let Some(known) = SYSTEM.get() {
            return Ok(known.clone());
        }
        let certificates = rustls_native_certs::load_native_certs().certs;
        if certificates.is_empty() {
            return Err(Trouble::NoAuthorities);
        }
        let owned = certificates
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned());
        return Ok(SYSTEM.get_or_init(|| RootCerts::from(owned)).clone());
    };
    let certificates: Vec<Certificate<'static>> = parse_pem(file)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            // A file may have keys and more beside.
            Ok(_) | Err(_) => None,
        })
        .collect();
    match certificates.is_empty() {
        true => Err(Trouble::NoAuthorities),
        false => Ok(RootCerts::from(certificates)),
    }
}

/// Sends, and reads what comes back.
fn send(agent: &Agent, request: &Request) -> std::result::Result<Answer, Trouble> {
    let mut builder = agent
        .post(request.url.join(request.end))
        .header("Content-Type", "application/json");
    if let Some(key) = &request.key {
        builder = builder.header("Authorization", key.bearer());
    }
    let response = builder.send(&request.body).map_err(|problem| trouble(&problem))?;
    let status = response.status().as_u16();
    let retry_after = header(&response, "retry-after").and_then(retry_after);
    let body = read(response.into_body(), request.most)?;
    Ok(Answer {
        status,
        retry_after,
        body,
    })
}

fn header<'a>(response: &'a http::Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

/// Reads so many bytes at most. One more is asked for, which tells whether there are more.
fn read(body: Body, most: usize) -> std::result::Result<Vec<u8>, Trouble> {
    /// Of a piece.
    const PIECE: usize = 64 * 1024;
    let announced = body.content_length();
    if announced.is_some_and(|length| length > most as u64) {
        return Err(Trouble::TooLarge(most));
    }
    let mut reader = body.into_reader();
    let mut bytes = Vec::new();
    let mut piece = vec![0; PIECE];
    loop {
        let length = reader.read(&mut piece).map_err(|problem| interrupted(&problem))?;
        if length == 0 {
            return Ok(bytes);
        }
        if bytes.len() + length > most || bytes.try_reserve(length).is_err() {
            return Err(Trouble::TooLarge(most));
        }
        bytes.extend_from_slice(&piece[..length]);
    }
}

/// What an error means that came while an answer was read.
fn interrupted(problem: &std::io::Error) -> Trouble {
    let inner = problem.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
    match inner {
        Some(inner) => trouble(inner),
        None => io(problem),
    }
}

fn io(problem: &std::io::Error) -> Trouble {
    use std::io::ErrorKind;
    match problem.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Trouble::TooLong,
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => Trouble::Broken("the connection was closed early"),
        kind => Trouble::Unreachable(kind.to_string()),
    }
}

/// What an error of ureq means, in words of our own: its own repeat what a server said.
fn trouble(problem: &ureq::Error) -> Trouble {
    use ureq::Error;
    match problem {
        Error::Io(problem) => match problem
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        {
            Some(problem) => proof(problem),
            None => io(problem),
        },
        Error::Timeout(_) => Trouble::TooLong,
        Error::HostNotFound => Trouble::Unresolved,
        Error::ConnectionFailed => Trouble::Unreachable("connection failed".into()),
        Error::Rustls(problem) => proof(problem),
        Error::Tls(_) | Error::Pem(_) => Trouble::Unproven("the connection cannot be secured".into()),
        Error::BodyExceedsLimit(limit) => Trouble::TooLarge(usize::try_from(*limit).unwrap_or(usize::MAX)),
        Error::LargeResponseHeader(_, most) => Trouble::TooLarge(*most),
        // A header that arrives at one go is counted before it is measured. The kind has no name outside of ureq's own parts.
        Error::Protocol(problem) if problem.to_string().contains("too many headers") => Trouble::TooLarge(HEADER),
        // The rest is about what was sent or came back; ureq adds more kinds.
        _ => Trouble::Broken("what came back is no HTTP"),
    }
}

/// What an error of TLS means. Nothing was sent yet that the server could repeat.
fn proof(problem: &rustls::Error) -> Trouble {
    match problem {
        rustls::Error::InvalidCertificate(_)
        | rustls::Error::NoCertificatesPresented
        | rustls::Error::UnsupportedNameType => Trouble::Unproven(problem.to_string()),
        _ => Trouble::Unproven("the server does not speak TLS as it should".into()),
    }
}
