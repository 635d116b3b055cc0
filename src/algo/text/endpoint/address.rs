//! Which addresses a call may reach. What a name resolves to is decided elsewhere, by whoever owns the name; so it is looked at after it was resolved,
//! in every form in which one address can be written inside another.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of place an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Somewhere in the world.
    Public,
    /// This machine, or a network of one's own.
    Local,
    /// Never to be reached, and why.
    Never(&'static str),
}

const UNSPECIFIED: Place = Place::Never("it is no address of a machine");
const LINK_LOCAL: Place = Place::Never("it is link-local, where clouds keep their metadata");
const METADATA: Place = Place::Never("a cloud keeps its metadata there");
const MULTICAST: Place = Place::Never("it is a group of machines");
const RESERVED: Place = Place::Never("it is reserved");
const EMBEDDED: Place = Place::Never("it leads to an address that is not public, through a gateway");

/// The kind of place that an address is (the registries of special-purpose addresses of RFC 6890; metadata services as the clouds document them).
pub fn place(address: IpAddr) -> Place {
    match address {
        IpAddr::V4(address) => place_v4(address),
        IpAddr::V6(address) => place_v6(address),
    }
}

fn place_v4(address: Ipv4Addr) -> Place {
    match address.octets() {
        [0, ..] => UNSPECIFIED,
        [169, 254, ..] => LINK_LOCAL,
        // Alibaba, Azure and Oracle.
        [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192] => METADATA,
        [224..=239, ..] => MULTICAST,
        // IETF protocol assignments; class E, and the broadcast address.
        [192, 0, 0, _] | [240..=255, ..] => RESERVED,
        [10 | 127, ..] | [192, 168, ..] | [172, 16..=31, ..] => Place::Local,
        // Between a provider and its customers (RFC 6598); for measurements of networks (RFC 2544).
        [100, 64..=127, ..] | [198, 18..=19, ..] => Place::Local,
        _ => Place::Public,
    }
}

fn place_v6(address: Ipv6Addr) -> Place {
    // The same address as that of version 4.
    if let Some(mapped) = address.to_ipv4_mapped() {
        return place_v4(mapped);
    }
    if address.is_loopback() {
        return Place::Local;
    }
    if let Some(carried) = carried(address)
        && place_v4(carried) != Place::Public
    {
        return EMBEDDED;
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => UNSPECIFIED,
        // Amazon and Google.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => METADATA,
        [0xfe80..=0xfebf, ..] => LINK_LOCAL,
        [0xff00..=0xffff, ..] => MULTICAST,
        // Teredo, whose gateway is anybody (RFC 4380); to be discarded (RFC 6666); examples (RFC 3849, RFC 9637).
        [0x2001, 0, ..] | [0x100, 0, 0, 0, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => RESERVED,
        // Of one's own (RFC 4193), and as that was before (RFC 3879).
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Place::Local,
        _ => Place::Public,
    }
}

/// The address of version 4 that a gateway takes out of one of version 6.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = address.octets();
    let at = |places: [usize; 4]| Some(Ipv4Addr::from(places.map(|place| octets[place])));
    match address.segments() {
        // NAT64 (RFC 6052): the well-known prefix of 96 bits; the one for local use (RFC 8215), of 48, 56, 64 or 96 bits, of which 48 carry the address
        // around the eighth byte.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => at([12, 13, 14, 15]),
        [0x64, 0xff9b, 1, 0, 0, 0, ..] => at([12, 13, 14, 15]),
        [0x64, 0xff9b, 1, ..] => at([6, 7, 9, 10]),
        // 6to4 (RFC 3056).
        [0x2002, ..] => at([2, 3, 4, 5]),
        // ISATAP (RFC 5214), in any network.
        [_, _, _, _, 0 | 0x200, 0x5efe, ..] => at([12, 13, 14, 15]),
        // Compatible addresses (RFC 4291, deprecated), and translated ones (RFC 2765).
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => at([12, 13, 14, 15]),
        [0, 0, 0, 0, 0xffff, 0, ..] => at([12, 13, 14, 15]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(address: &str) -> Place {
        place(address.parse().unwrap())
    }

    #[test]
    fn metadata_link_local_multicast_and_reserved_addresses_are_never_reached() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "169.254.0.1",
            "169.254.170.2",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "192.0.0.8",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "fe80::1",
            "febf::1",
            "ff02::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "100::1",
            "2001:db8::1",
            "3fff::1",
        ] {
            assert!(matches!(of(address), Place::Never(_)), "{address}");
        }
    }

    #[test]
    fn nor_in_any_form_that_carries_them() {
        for address in [
            "::ffff:169.254.169.254",
            "::ffff:0.0.0.0",
            "::ffff:224.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::a9fe:a9fe",
            "64:ff9b:1:a9fe:a9:fe00::",
            "2002:a9fe:a9fe::1",
            "2002:7f00:1::",
            "2002:c0a8:1::",
            "::169.254.169.254",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "2a00::5efe:169.254.169.254",
            "2a00::200:5efe:10.0.0.1",
            "fe80::5efe:8.8.8.8",
        ] {
            assert!(matches!(of(address), Place::Never(_)), "{address}");
        }
    }

    #[test]
    fn networks_of_ones_own_are_local() {
        for address in [
            "127.0.0.1",
            "127.255.255.254",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "198.18.0.1",
            "::1",
            "fc00::1",
            "fdff::1",
            "fec0::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(of(address), Place::Local, "{address}");
        }
    }

    #[test]
    fn everything_else_is_public() {
        for address in [
            "8.8.8.8",
            "1.1.1.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "169.253.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "::ffff:8.8.8.8",
        ] {
            assert_eq!(of(address), Place::Public, "{address}");
        }
    }

    proptest! {
        /// Whatever is never reached by version 4 is not reached by any way around it; what is not public is not reached through a gateway.
        #[test]
        fn no_way_leads_around(bits: u32) {
            let v4 = Ipv4Addr::from(bits);
            let [a, b, c, d] = v4.octets();
            let direct = place(v4.into());
            prop_assert_eq!(place(v4.to_ipv6_mapped().into()), direct);
            let [high, low] = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
            for carrier in [
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 1, high, u16::from(c), u16::from(d) << 8, 0, 0),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2a00, 1, 2, 3, 0, 0x5efe, high, low),
                Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
            ] {
                if direct != Place::Public {
                    prop_assert!(matches!(place(carrier.into()), Place::Never(_)), "{} in {}", v4, carrier);
                }
            }
        }
    }
}
