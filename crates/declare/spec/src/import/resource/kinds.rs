//! The kinds of resources that are known, and what each of their fields is in a spec.
//!
//! To teach it another kind, add a [`Kind`]: what Terraform and CloudFormation call it, the section that it belongs
//! to, and its fields. Names are those of the two tools' own references.

/// A kind of resource.
pub(super) struct Kind {
    pub(super) terraform: &'static [&'static str],
    pub(super) cloudformation: &'static [&'static str],
    /// Where it stands in a spec.
    pub(super) section: &'static str,
    /// What the spec calls the product.
    pub(super) product: Option<&'static str>,
    pub(super) fields: &'static [Field],
}

/// A field: Terraform's name, CloudFormation's, that of the spec, and how its value is written there. A dot leads
/// into a block.
pub(super) type Field = (&'static str, &'static str, &'static str, How);

#[derive(Clone, Copy)]
pub(super) enum How {
    Text,
    /// A word of the provider's, which it takes in any case.
    Word,
    /// The version of `POSTGRES_13`.
    Version,
    Number,
    Truth,
    /// The opposite of what is written.
    Opposite,
    Days,
    Secs,
    Hours,
    Gib,
    Mib,
    Gb,
    /// A duration of ISO 8601: `PT1M`.
    Iso,
}

use How::{Days, Gb, Gib, Hours, Iso, Mib, Number, Opposite, Secs, Text, Truth, Version, Word};

const DATABASE: &[Field] = &[
    ("engine", "Engine", "engine", Word),
    ("engine_version", "EngineVersion", "version", Text),
    ("instance_class", "DBInstanceClass", "instance", Text),
    ("allocated_storage", "AllocatedStorage", "storage", Gib),
    (
        "max_allocated_storage",
        "MaxAllocatedStorage",
        "storage_max",
        Gib,
    ),
    ("multi_az", "MultiAZ", "multi_az", Truth),
    (
        "backup_retention_period",
        "BackupRetentionPeriod",
        "backup_retention",
        Days,
    ),
    (
        "delete_automated_backups",
        "DeleteAutomatedBackups",
        "delete_automated_backups",
        Truth,
    ),
    (
        "deletion_protection",
        "DeletionProtection",
        "deletion_protection",
        Truth,
    ),
    ("storage_encrypted", "StorageEncrypted", "encrypted", Truth),
    ("publicly_accessible", "PubliclyAccessible", "public", Truth),
    (
        "maintenance_window",
        "PreferredMaintenanceWindow",
        "maintenance_window",
        Text,
    ),
    (
        "preferred_maintenance_window",
        "PreferredMaintenanceWindow",
        "maintenance_window",
        Text,
    ),
    ("username", "MasterUsername", "user", Text),
    ("master_username", "MasterUsername", "user", Text),
];

const CACHE: &[Field] = &[
    ("engine", "Engine", "engine", Word),
    ("engine_version", "EngineVersion", "version", Text),
    ("node_type", "CacheNodeType", "instance", Text),
    ("num_cache_nodes", "NumCacheNodes", "nodes", Number),
    ("num_cache_clusters", "NumCacheClusters", "nodes", Number),
    ("num_node_groups", "NumNodeGroups", "nodes", Number),
    (
        "replicas_per_node_group",
        "ReplicasPerNodeGroup",
        "replicas",
        Number,
    ),
    (
        "automatic_failover_enabled",
        "AutomaticFailoverEnabled",
        "automatic_failover",
        Truth,
    ),
    ("multi_az_enabled", "MultiAZEnabled", "multi_az", Truth),
    (
        "at_rest_encryption_enabled",
        "AtRestEncryptionEnabled",
        "encrypted",
        Truth,
    ),
    (
        "parameter_group_name",
        "CacheParameterGroupName",
        "parameter_group",
        Text,
    ),
    (
        "subnet_group_name",
        "CacheSubnetGroupName",
        "subnet_group",
        Text,
    ),
];

const SEARCH: &[Field] = &[
    ("engine_version", "EngineVersion", "version", Text),
    (
        "elasticsearch_version",
        "ElasticsearchVersion",
        "version",
        Text,
    ),
    (
        "cluster_config.instance_type",
        "ClusterConfig.InstanceType",
        "instance",
        Text,
    ),
    (
        "cluster_config.instance_count",
        "ClusterConfig.InstanceCount",
        "nodes",
        Number,
    ),
    (
        "cluster_config.dedicated_master_enabled",
        "ClusterConfig.DedicatedMasterEnabled",
        "dedicated_masters",
        Truth,
    ),
    (
        "cluster_config.dedicated_master_type",
        "ClusterConfig.DedicatedMasterType",
        "master_instance",
        Text,
    ),
    (
        "cluster_config.dedicated_master_count",
        "ClusterConfig.DedicatedMasterCount",
        "masters",
        Number,
    ),
];

/// Every kind that is known.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        terraform: &["aws_db_instance", "aws_rds_cluster"],
        cloudformation: &["AWS::RDS::DBInstance", "AWS::RDS::DBCluster"],
        section: "databases",
        product: Some("rds"),
        fields: DATABASE,
    },
    Kind {
        terraform: &[
            "aws_elasticache_cluster",
            "aws_elasticache_replication_group",
        ],
        cloudformation: &[
            "AWS::ElastiCache::CacheCluster",
            "AWS::ElastiCache::ReplicationGroup",
        ],
        section: "caches",
        product: Some("elasticache"),
        fields: CACHE,
    },
    Kind {
        terraform: &["aws_sqs_queue"],
        cloudformation: &["AWS::SQS::Queue"],
        section: "queues",
        product: Some("sqs"),
        fields: &[
            (
                "visibility_timeout_seconds",
                "VisibilityTimeout",
                "visibility_timeout",
                Secs,
            ),
            (
                "message_retention_seconds",
                "MessageRetentionPeriod",
                "retention",
                Secs,
            ),
        ],
    },
    Kind {
        terraform: &["aws_kinesis_stream"],
        cloudformation: &["AWS::Kinesis::Stream"],
        section: "queues",
        product: Some("kinesis"),
        fields: &[
            ("shard_count", "ShardCount", "shards", Number),
            (
                "retention_period",
                "RetentionPeriodHours",
                "retention",
                Hours,
            ),
        ],
    },
    Kind {
        terraform: &["aws_cloudfront_distribution"],
        cloudformation: &["AWS::CloudFront::Distribution"],
        section: "cdn",
        product: Some("cloudfront"),
        fields: &[
            (
                "viewer_certificate.minimum_protocol_version",
                "DistributionConfig.ViewerCertificate.MinimumProtocolVersion",
                "tls_min",
                Text,
            ),
            (
                "price_class",
                "DistributionConfig.PriceClass",
                "price_class",
                Text,
            ),
        ],
    },
    Kind {
        terraform: &["aws_s3_bucket"],
        cloudformation: &["AWS::S3::Bucket"],
        section: "buckets",
        product: Some("s3"),
        fields: &[("versioning.enabled", "", "versioning", Truth)],
    },
    Kind {
        terraform: &["aws_opensearch_domain", "aws_elasticsearch_domain"],
        cloudformation: &[
            "AWS::OpenSearchService::Domain",
            "AWS::Elasticsearch::Domain",
        ],
        section: "search",
        product: Some("opensearch_service"),
        fields: SEARCH,
    },
    Kind {
        terraform: &["aws_vpc"],
        cloudformation: &["AWS::EC2::VPC"],
        section: "networks",
        product: None,
        fields: &[("cidr_block", "CidrBlock", "cidr", Text)],
    },
    Kind {
        terraform: &["aws_lb", "aws_alb"],
        cloudformation: &["AWS::ElasticLoadBalancingV2::LoadBalancer"],
        section: "load_balancers",
        product: Some("alb"),
        fields: &[
            ("idle_timeout", "", "idle_timeout", Secs),
            ("internal", "", "public", Opposite),
        ],
    },
    Kind {
        terraform: &["aws_instance"],
        cloudformation: &["AWS::EC2::Instance"],
        section: "compute",
        product: Some("ec2"),
        fields: &[("instance_type", "InstanceType", "instance", Text)],
    },
    Kind {
        terraform: &["aws_autoscaling_group"],
        cloudformation: &["AWS::AutoScaling::AutoScalingGroup"],
        section: "compute",
        product: Some("ec2"),
        fields: &[
            ("min_size", "MinSize", "instances_min", Number),
            ("max_size", "MaxSize", "instances_max", Number),
            ("desired_capacity", "DesiredCapacity", "instances", Number),
            (
                "health_check_grace_period",
                "HealthCheckGracePeriod",
                "health_check_grace",
                Secs,
            ),
        ],
    },
    Kind {
        terraform: &["aws_ecs_service"],
        cloudformation: &["AWS::ECS::Service"],
        section: "compute",
        product: Some("ecs"),
        fields: &[
            ("desired_count", "DesiredCount", "instances", Number),
            (
                "health_check_grace_period_seconds",
                "HealthCheckGracePeriodSeconds",
                "health_check_grace",
                Secs,
            ),
        ],
    },
    Kind {
        terraform: &["aws_eks_cluster"],
        cloudformation: &["AWS::EKS::Cluster"],
        section: "compute",
        product: Some("eks"),
        fields: &[("version", "Version", "version", Text)],
    },
    Kind {
        terraform: &["aws_lambda_function"],
        cloudformation: &["AWS::Lambda::Function", "AWS::Serverless::Function"],
        section: "compute",
        product: Some("lambda"),
        fields: &[
            ("memory_size", "MemorySize", "memory", Mib),
            ("runtime", "Runtime", "runtime", Text),
            ("timeout", "Timeout", "timeout", Secs),
        ],
    },
    Kind {
        terraform: &["aws_route53_record"],
        cloudformation: &["AWS::Route53::RecordSet"],
        section: "dns",
        product: None,
        fields: &[("ttl", "TTL", "ttl", Secs)],
    },
    Kind {
        terraform: &["google_sql_database_instance"],
        cloudformation: &[],
        section: "databases",
        product: Some("cloud_sql"),
        fields: &[
            ("database_version", "", "version", Version),
            ("region", "", "region", Text),
            ("settings.tier", "", "instance", Text),
            ("settings.disk_size", "", "storage", Gb),
            ("deletion_protection", "", "deletion_protection", Truth),
        ],
    },
    Kind {
        terraform: &["google_pubsub_subscription"],
        cloudformation: &[],
        section: "queues",
        product: Some("pubsub"),
        fields: &[
            ("ack_deadline_seconds", "", "visibility_timeout", Secs),
            ("message_retention_duration", "", "retention", Text),
        ],
    },
    Kind {
        terraform: &["google_compute_instance_group_manager"],
        cloudformation: &[],
        section: "compute",
        product: Some("compute_engine"),
        fields: &[("target_size", "", "instances", Number)],
    },
    Kind {
        terraform: &["azurerm_redis_cache"],
        cloudformation: &[],
        section: "caches",
        product: Some("azure_cache"),
        fields: &[
            ("redis_version", "", "version", Text),
            ("sku_name", "", "instance", Text),
        ],
    },
    Kind {
        terraform: &["azurerm_postgresql_flexible_server"],
        cloudformation: &[],
        section: "databases",
        product: Some("azure_postgresql"),
        fields: &[
            ("version", "", "version", Text),
            ("sku_name", "", "instance", Text),
            ("storage_mb", "", "storage", Mib),
            ("backup_retention_days", "", "backup_retention", Days),
            ("public_network_access_enabled", "", "public", Truth),
            ("administrator_login", "", "user", Text),
        ],
    },
    Kind {
        terraform: &["google_storage_bucket"],
        cloudformation: &[],
        section: "buckets",
        product: Some("gcs"),
        fields: &[
            ("location", "", "region", Word),
            ("retention_policy.retention_period", "", "locked_for", Secs),
            ("versioning.enabled", "", "versioning", Truth),
        ],
    },
    Kind {
        terraform: &["azurerm_storage_account"],
        cloudformation: &[],
        section: "buckets",
        product: Some("azure_storage"),
        fields: &[("allow_nested_items_to_be_public", "", "public", Truth)],
    },
    Kind {
        terraform: &["azurerm_servicebus_queue"],
        cloudformation: &[],
        section: "queues",
        product: Some("service_bus"),
        fields: &[
            ("lock_duration", "", "visibility_timeout", Iso),
            ("default_message_ttl", "", "retention", Iso),
        ],
    },
    Kind {
        terraform: &["azurerm_kubernetes_cluster"],
        cloudformation: &[],
        section: "compute",
        product: Some("aks"),
        fields: &[
            ("kubernetes_version", "", "version", Text),
            ("default_node_pool.vm_size", "", "instance", Text),
            ("default_node_pool.min_count", "", "instances_min", Number),
            ("default_node_pool.max_count", "", "instances_max", Number),
            ("default_node_pool.node_count", "", "instances", Number),
        ],
    },
];
