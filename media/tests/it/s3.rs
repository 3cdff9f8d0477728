//! A real server that speaks the protocol of S3: moto, which `make tools` installs and the tests
//! start themselves.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A running server, which ends with this. All that it keeps is in memory.
pub(crate) struct S3Server {
    child: Child,
    address: String,
}

impl S3Server {
    /// Starts a server on a free port.
    ///
    /// # Panics
    ///
    /// If moto is not installed or does not start.
    pub(crate) fn start() -> Self {
        let program = tool("tools/moto/bin/moto_server");
        let mut child = Command::new(&program)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; run make tools", program.display()));
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split("http://")
                    .nth(1)
                    .map(|rest| rest.trim().to_owned())
            })
            .expect("moto says where it listens");
        // It logs every request, and stops when nobody reads that.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    /// Its address.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes a bucket.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    pub(crate) fn bucket(&self) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("listens");
        let request = format!(
            "PUT /contents HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).expect("sends");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        "contents".to_owned()
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A tool that `make tools` has installed, by its place in the target folder.
pub(crate) fn tool(path: &str) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut targets = target
        .into_iter()
        .chain(above.map(|folder| folder.join("target")));
    let found = targets.find(|target| target.join(path).exists());
    found.unwrap_or_default().join(path)
}
