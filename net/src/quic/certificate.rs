//! The certificates of the QUIC endpoint: from files, or made here and accepted by their hashes
//! (docs/protocol.md, Certificate).

mod own;

use std::{io, sync::Arc, time::SystemTime};

use parking_lot::Mutex;
use quinn::crypto::rustls::QuicServerConfig;
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    version::TLS13,
};

use super::options::CertificateFiles;
use own::Rotation;

/// The protocols of the endpoint: WebTransport, and PosBus on QUIC alone.
pub(super) const ALPN: [&[u8]; 2] = [web_transport_quinn::ALPN.as_bytes(), RAW_ALPN];

/// PosBus on QUIC alone.
pub(super) const RAW_ALPN: &[u8] = b"posbus/2";

/// A chain, the server's own certificate first, and the key of that one.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Source of certificates.
pub(super) struct Certificates {
    source: Mutex<Source>,
}

enum Source {
    Own(Box<Rotation>),
    Files {
        files: CertificateFiles,
        /// The certificate that was read last.
        chain: Vec<CertificateDer<'static>>,
    },
}

impl Certificates {
    /// Certificates from files, or new ones for a server at these names; and the first one to use.
    ///
    /// # Errors
    /// If a file cannot be read, or what it holds cannot be used.
    pub(super) fn new(
        files: Option<&CertificateFiles>,
        names: Vec<String>,
    ) -> io::Result<(Self, Arc<QuicServerConfig>)> {
        let (source, identity) = match files {
            Some(files) => {
                let identity = read(files)?;
                let source = Source::Files {
                    files: files.clone(),
                    chain: identity.chain.clone(),
                };
                (source, identity)
            }
            None => {
                let rotation = Rotation::new(names, SystemTime::now())?;
                let identity = rotation.current();
                (Source::Own(Box::new(rotation)), identity)
            }
        };
        let config = configure(identity)?;
        let source = Mutex::new(source);
        Ok((Self { source }, config))
    }

    /// SHA-256 hashes in hex of the certificates that clients may meet; none if they are from
    /// files, which clients check as they do anybody's.
    pub(super) fn hashes(&self) -> Vec<String> {
        match &*self.source.lock() {
            Source::Own(rotation) => rotation.hashes(SystemTime::now()),
            Source::Files { .. } => Vec::new(),
        }
    }

    /// The certificate to use from now on, if it is time for another one or there is a new one in
    /// the files.
    ///
    /// # Errors
    /// If the files cannot be read or used; the certificate in use stays.
    pub(super) fn renew(&self) -> io::Result<Option<Arc<QuicServerConfig>>> {
        let identity = match &mut *self.source.lock() {
            Source::Own(rotation) => match rotation.turn(SystemTime::now())? {
                true => rotation.current(),
                false => return Ok(None),
            },
            Source::Files { files, chain } => {
                let identity = read(files)?;
                if identity.chain == *chain {
                    return Ok(None);
                }
                chain.clone_from(&identity.chain);
                identity
            }
        };
        configure(identity).map(Some)
    }
}

fn read(files: &CertificateFiles) -> io::Result<Identity> {
    let named = |path: &std::path::Path, error: &dyn std::fmt::Display| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{}: {error}", path.display()),
        )
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| named(&files.certificate, &error))?;
    if chain.is_empty() {
        return Err(named(&files.certificate, &"no certificate in it"));
    }
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|error| named(&files.key, &error))?;
    Ok(Identity { chain, key })
}

fn configure(identity: Identity) -> io::Result<Arc<QuicServerConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(identity.chain, identity.key)
        })
        .map_err(io::Error::other)?;
    config.alpn_protocols = ALPN.map(<[u8]>::to_vec).into();
    QuicServerConfig::try_from(config)
        .map(Arc::new)
        .map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use rcgen::{CertifiedKey, generate_simple_self_signed};

    use super::{CertificateFiles, Certificates};

    fn write(dir: &Path) -> CertificateFiles {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let files = CertificateFiles {
            certificate: dir.join("cert.pem"),
            key: dir.join("key.pem"),
        };
        fs::write(&files.certificate, cert.pem()).expect("written");
        fs::write(&files.key, signing_key.serialize_pem()).expect("written");
        files
    }

    #[test]
    fn a_certificate_that_was_replaced_is_taken_up() {
        let dir = tempfile::tempdir().expect("a directory");
        let files = write(dir.path());
        let (certificates, _) = Certificates::new(Some(&files), Vec::new()).expect("can be used");
        assert!(certificates.hashes().is_empty());
        assert!(
            certificates.renew().expect("readable").is_none(),
            "the same"
        );
        write(dir.path());
        assert!(certificates.renew().expect("readable").is_some(), "another");
        assert!(
            certificates.renew().expect("readable").is_none(),
            "taken up"
        );
    }
}
