# 決済基盤
variable "instances" { default = 4 }
provider "aws" { region = "ap-northeast-1" }

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "private_a" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.10.0/24"
  availability_zone = "ap-northeast-1a"
}
resource "aws_db_instance" "orders" {
  engine                  = "postgres"
  engine_version          = "15.4"
  instance_class          = "db.r6g.large"
  allocated_storage       = 100
  multi_az                = true
  backup_retention_period = 35
  password                = "hunter2"
  kms_key_id              = aws_kms_key.db.arn
}
resource "aws_autoscaling_group" "web" {
  min_size         = 2
  max_size         = 2 * var.instances
  desired_capacity = var.instances
}
resource "aws_cloudwatch_metric_alarm" "cpu" {
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
  period              = 60
  evaluation_periods  = 5
  statistic           = "Average"
  metric_name         = "CPUUtilization"
}
resource "aws_security_group" "alb" {
  ingress {
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
}
resource "aws_glacier_vault" "old" {}
