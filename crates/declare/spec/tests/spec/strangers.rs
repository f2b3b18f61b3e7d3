//! What real files say that is no mistake: each was once taken for one in a file that somebody else wrote, and stands
//! here in our own words, beside the mistake that looks like it.

use spec::import::{About, File, Imported, import};

use crate::load;

fn read(name: &str, text: &str) -> Imported {
    let file = File {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let about = About {
        name: "shop",
        time_zone: "Asia/Tokyo",
        lang: promise::Lang::En,
    };
    import(&[file], &about)
}

/// The codes of what is found in a file, errors and warnings.
fn found(name: &str, text: &str) -> Vec<&'static str> {
    let loaded = load(&read(name, text).text);
    let told = loaded.diagnostics.iter();
    let told = told.filter(|it| it.level != spec::Level::Advice);
    told.map(|it| it.code).collect()
}

fn is_found(code: &str, name: &str, text: &str) -> bool {
    found(name, text).contains(&code)
}

const NOTHING: [&str; 0] = [];

const TEMPLATE: &str = "
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  AdminRange: { Type: String, Default: 0.0.0.0/0 }
  OfficeRange: { Type: String }
Resources:
  ShopVPC: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: 10.4.0.0/16 } }
  FrontA: { Type: 'AWS::EC2::Subnet', Properties: { VpcId: !Ref ShopVPC, CidrBlock: 10.4.1.0/24 } }
  FrontGroup: { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: front } }
  AppGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !Ref AdminRange }
        - { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !Ref OfficeRange }
        - { IpProtocol: tcp, FromPort: 80, ToPort: 80, SourceSecurityGroupId: !Ref FrontGroup }
  Orders: { Type: 'AWS::RDS::DBInstance', Properties: { Engine: MySQL, DBInstanceClass: db.t3.small } }
";

#[test]
fn a_template_that_is_asked_for_ranges_and_names_its_network_as_it_likes() {
    assert_eq!(found("stack.yaml", TEMPLATE), NOTHING);
    let open = TEMPLATE.replace("!Ref OfficeRange", "0.0.0.0/0");
    assert_eq!(found("stack.yaml", &open), ["open-to-everyone"]);
    let lost = TEMPLATE.replace("10.4.1.0/24", "10.5.1.0/24");
    assert_eq!(found("stack.yaml", &lost), ["subnet-outside-network"]);
}

#[test]
fn a_monitor_without_a_timeout_waits_no_longer_than_its_interval() {
    let monitor = "
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: { name: orders }
spec: { endpoints: [{ port: http, interval: 5s }] }
";
    assert_eq!(found("monitor.yaml", monitor), NOTHING);
    let longer = monitor.replace("interval: 5s", "interval: 5s, scrapeTimeout: 8s");
    assert_eq!(found("monitor.yaml", &longer), ["timeout-exceeds-interval"]);
}

#[test]
fn targets_without_a_port_have_that_of_their_scheme() {
    let config = "
scrape_configs:
  - { job_name: shop, static_configs: [{ targets: [carts, 'orders:8080'] }] }
  - { job_name: pay, scheme: https, static_configs: [{ targets: [pay.example.com] }] }
";
    assert_eq!(found("prometheus.yml", config), NOTHING);
    let text = read("prometheus.yml", config).text;
    for target in ["carts:80", "orders:8080", "pay.example.com:443"] {
        assert!(text.contains(target), "{text}");
    }
}
