//! Pages fetched from servers that answer in every way.

#![expect(clippy::unwrap_used, reason = "a panic is a test's report")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use edctl_slurm::LeftOut;
use edctl_slurm::http::{Client, Endpoint, HttpError};
use edctl_slurm::native::{JOBS, fetch};

const ANSWER: &str = "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 23\r\n\
                      Content-Type: text/plain\r\n\r\nslurm_jobs_running 4\na\n";

/// Serves one connection after the other, and returns who is to be asked.
fn serve(answer: impl Fn(&mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            assert!(request.starts_with(b"GET /metrics/jobs HTTP/1.1\r\n"));
            answer(&mut stream);
        }
    });
    host
}

fn say(text: &str) -> String {
    let text = text.to_owned();
    serve(move |stream| stream.write_all(text.as_bytes()).unwrap())
}

fn client(host: String) -> Client {
    Client {
        endpoint: Endpoint::Host(host),
        deadline: Duration::from_secs(60),
        max_body_bytes: 1000,
        cancel: None,
    }
}

/// The page's lines, or the word for why there is none.
fn lines(client: &Client) -> Result<Vec<String>, &'static str> {
    let mut lines = Vec::new();
    let outcome = fetch(client, JOBS, |line| {
        lines.push(line.to_owned());
        Ok(LeftOut::default())
    });
    match outcome {
        Ok(_) => Ok(lines),
        Err(error) => Err(error.reason()),
    }
}

#[test]
fn a_page_comes_with_its_length_or_ends_with_the_connection() {
    let page = Ok(vec!["slurm_jobs_running 4".to_owned(), "a".to_owned()]);
    assert_eq!(lines(&client(say(ANSWER))), page);
    assert_eq!(lines(&client(say(&ANSWER.replace("Content-Length: 23\r\n", "")))), page);
}

#[test]
fn a_line_without_an_end_is_counted() {
    let host = say("HTTP/1.1 200 OK\r\n\r\nslurm_jobs_running 4\nslurm_jobs_run");
    let rejected = fetch(&client(host), JOBS, |_| Ok(LeftOut::default())).unwrap();
    assert_eq!(rejected.total(), 1);
}

#[test]
fn what_is_no_page_is_named() {
    for (answer, reason) in [
        ("HTTP/1.1 401 Unauthorized\r\nConnection: Close\r\n\r\n", "http_status"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "http_status"),
        ("HTTP/1.1 204 No Content\r\n\r\n", "http_status"),
        ("HTTP/1.1 303 See Other\r\n\r\n", "http_status"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nslurm_jobs_running 4\n", "truncated"),
        ("HTTP/1.1 200 OK\r\nContent-Len", "truncated"),
        ("", "truncated"),
        ("220 mail.example ESMTP\r\n", "http"),
        ("\x16\x03\x01\x02\x00\x01\x00", "http"),
    ] {
        assert_eq!(lines(&client(say(answer))), Err(reason), "{answer:?}");
    }
    let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "slurm_jobs 1\n".repeat(100));
    assert_eq!(lines(&client(say(&long))), Err("too_large"));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let error = fetch(&client(nobody.clone()), JOBS, |_| Ok(LeftOut::default())).unwrap_err();
    assert!(
        matches!(&error, HttpError::Connect { endpoint, .. } if *endpoint == nobody),
        "{error}"
    );
}

#[test]
fn who_stays_silent_is_left_at_the_deadline_or_when_it_is_not_wanted() {
    for head in ["", "HTTP/1.1 200 OK\r\n\r\nslurm_jobs_running 4\n"] {
        let host = serve(move |stream| {
            stream.write_all(head.as_bytes()).unwrap();
            let _until_the_client_leaves = stream.read(&mut [0]);
        });
        let deadline = Duration::from_millis(100);
        assert_eq!(lines(&Client { deadline, ..client(host.clone()) }), Err("timeout"));

        let (cancel, alive) = std::io::pipe().unwrap();
        let asking = std::thread::spawn(move || {
            lines(&Client { cancel: Some(cancel.into()), ..client(host) })
        });
        drop(alive);
        assert_eq!(asking.join().unwrap(), Err("cancelled"));
    }
}

#[test]
fn one_that_stands_by_is_followed_to_the_same_page_at_the_same_port_and_once() {
    let first = TcpListener::bind("127.0.0.2:0").unwrap();
    let port = first.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in first.incoming() {
            let mut stream = stream.unwrap();
            let _request = stream.read(&mut [0; 1000]).unwrap();
            stream.write_all(ANSWER.as_bytes()).unwrap();
        }
    });
    for (location, is_followed) in [
        (format!("http://127.0.0.2:{port}/metrics/jobs"), true),
        (format!("http://127.0.0.2:{port}/metrics/nodes"), false),
        (format!("http://127.0.0.2:{port}/x/metrics/jobs"), false),
        (format!("https://127.0.0.2:{port}/metrics/jobs"), false),
        (format!("http://127.0.0.2:{port}/metrics/jobs?x"), false),
        (format!("http://127.0.0.2:{}/metrics/jobs", port - 1), false),
        (format!("http://ada@127.0.0.2:{port}/metrics/jobs"), false),
        // To itself, without end.
        (format!("http://127.0.0.1:{port}/metrics/jobs"), false),
        ("/metrics/jobs".to_owned(), false),
    ] {
        let standby = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let host = standby.local_addr().unwrap().to_string();
        let answer = format!("HTTP/1.1 303 See Other\r\nLocation: {location}\r\n\r\n");
        let served = std::thread::spawn(move || {
            let mut served = 0;
            while served < 2 {
                let Ok((mut stream, _)) = standby.accept() else { break };
                if stream.read(&mut [0; 1000]).unwrap() == 0 {
                    break;
                }
                stream.write_all(answer.as_bytes()).unwrap();
                served += 1;
            }
        });
        let outcome = lines(&client(host.clone()));
        assert_eq!(outcome.is_ok(), is_followed, "{location}: {outcome:?}");
        drop(TcpStream::connect(&host));
        served.join().unwrap();
    }
}
