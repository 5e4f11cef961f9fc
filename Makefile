# Thin on purpose: each target installs what is missing (and says so), builds, and runs one thing.
#
#   make demo           a short support day on real mail servers, from the first mail to the last
#   make demo KEEP=1    the same, and everything stays up for a mail client to connect
#   make bench          how fast mail becomes tickets on real mail servers, how soon it is acknowledged, and what that
#                       costs as rules, tickets and mails become many
#   make bench ONLY=rounds,rules     some of it: inspect, stages, rules, rounds, sending, single, growth, memory
#   make flame          where the time of `make bench` goes, drawn as a flame graph into target/flame.svg
#   make soak           the faults of the tests played long, on real servers: half an hour or so
#   make fuzz           a minute's search for each kind of mail that breaks what the reader of mail promises
#   make fuzz SECONDS=1200 ONLY="parse trim"     longer, and some of it: parse, trim, report, token, address
#   make test           every check and every test, the ones on real mail servers, a search of each kind and the demo's story
#                       included

CARGO ?= cargo

.PHONY: demo bench flame soak fuzz test install install-for-tests install-for-fuzzing install-for-profiling

demo: install
	$(CARGO) build --workspace --bins
	@target/debug/demo --postroom target/debug/postroom $(if $(KEEP),--keep)

bench: install
	$(CARGO) bench --bench pipeline -- $(if $(ONLY),--only $(ONLY))

flame: install install-for-profiling
	@scripts/flame

soak: install-for-tests
	POSTROOM_SOAK=1 $(CARGO) test --release --test it faults:: -- --nocapture --test-threads 1

fuzz: install-for-fuzzing
	@scripts/fuzz $(or $(SECONDS),60) $(ONLY)

test: install-for-tests install-for-fuzzing
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" $(CARGO) doc --workspace --no-deps --document-private-items
	$(CARGO) test --workspace
	@scripts/fuzz 60
	$(CARGO) build --workspace --bins
	target/debug/demo --postroom target/debug/postroom

install:
	@scripts/install-what-is-missing

# The tests try both of the SMTP servers that a bed can have.
install-for-tests:
	@scripts/install-what-is-missing --for-tests

# libFuzzer is written in C++.
install-for-fuzzing:
	@scripts/install-what-is-missing --for-fuzzing

install-for-profiling:
	@scripts/install-what-is-missing --for-profiling
