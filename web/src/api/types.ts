/** What the server answers. Times are seconds since the epoch, sizes bytes. */

export type Ended = "done" | "failed" | "aborted";
export type Status = "queued" | "starting" | "running" | "sleeping" | Ended;

export interface JobParams {
  /** TensorBoard alone. */
  logdir?: string;
  port?: number | "auto";
  host?: string | null;
  bind_all?: boolean;
  window_title?: string | null;
  reload_interval?: number | null;
  reload_multifile?: boolean;
  samples_per_plugin?: string | null;
  private?: boolean;
  /** Seconds, or "never"; null is the server's default. */
  idle_timeout?: number | "never" | null;
  /** Bytes in an answer; "2G" may be sent. */
  memory_max?: number | string | null;
  memory_high?: number | string | null;
  cpu_weight?: number | null;
  tasks_max?: number | null;
  /** MkDocs alone. */
  config_file?: string;
  strict?: boolean;
  livereload?: boolean;
  watch?: string[];
  lazy?: boolean;
  direct?: boolean;
}

export interface Usage {
  memory_bytes: number | null;
  cpu_seconds: number | null;
  io_read_bytes: number | null;
  io_write_bytes: number | null;
  uptime_seconds: number | null;
}

export interface Job {
  queue_id: string;
  project_dir: string;
  config: string;
  priority: number;
  submitted_at: number;
  /** A kind of viewer; a server may have more of them than this page knows. */
  job_type: string;
  job_params: JobParams;
  status: Status;
  stop_requested: boolean;
  waits_for: string | null;
  pid: number | null;
  port: number | null;
  host: string;
  started_at: number | null;
  ready_at: number | null;
  finished_at: number | null;
  exit_code: number | null;
  signal: number | null;
  error: string | null;
  title: string;
  /** The path under which the proxy opens it. */
  url: string;
  /** The folder that it shows. */
  output_dir: string;
  /** The name of the declared service that it is an instance of. */
  service?: string | null;
  /** The account of whoever queued it. */
  owner?: string;
  unit: string;
  scope: "user" | "system";
  invocation_id?: string;
  placement?: "socket" | "direct" | null;
  protections?: string[];
  notices?: string[];
  usage?: Usage | null;
}

export interface QueueItem {
  queue_id: string;
  warnings?: string[];
}

export interface Scheduler {
  enabled: boolean;
  running_count: number;
  queued_count?: number;
}

export interface ControlAnswer {
  success: boolean;
  message: string;
  data?: Job;
}

export interface Hello {
  version: string;
  /** Another one after each start of the server. */
  boot_id: string;
  /** Whether it has /api/services. */
  services?: boolean;
  /** Whether it has /api/runs. */
  runs?: boolean;
}

export interface Me {
  user: string;
  is_admin: boolean;
}

export interface AuthStatus {
  authenticated: boolean;
  has_password: boolean;
  auth_disabled: boolean;
}

export interface Finding {
  name: string;
  verdict: "ok" | "warn" | "bad";
  detail: string;
  mend: string | null;
}

export interface Host {
  version: string;
  scope: string;
  user: string;
  placement: "socket" | "direct";
  placement_reason: string | null;
  findings: Finding[];
}

export interface Folder {
  path: string;
  parent: string | null;
  entries: { name: string; path: string; is_dir: boolean }[];
  roots: string[];
}

export interface LogdirFacts {
  path: string;
  exists: boolean;
  runs: number;
  event_files: number;
  newest_event_time: number | null;
  size_bytes: number;
  error: string | null;
}

export interface PortFacts {
  port: number;
  free: boolean;
  holder: string | null;
  next_free: number | null;
  /** Why the host has no ports here. */
  error: string | null;
}

export interface Service {
  service: { type: string; name: string; enabled: boolean; args: Record<string, unknown>; signature?: string };
  running: boolean;
  queue_id: string | null;
  status: string | null;
  /** Why it cannot run. */
  error?: string | null;
  /** Its address, whatever its instance. */
  url: string;
}

export interface ProjectConfig {
  name: string;
  config_name: string | null;
  config_class: string | null;
  output_dir: string | null;
  error: string | null;
}

export interface Project {
  project_dir: string;
  name: string;
  description: string | null;
  default_config: string | null;
  configs: ProjectConfig[];
}

export interface Run {
  name: string;
  path: string;
  last_step: number | null;
  last_loss: number | null;
  /** Seconds since the epoch. */
  modified: number;
  curve: [number, number][];
}
