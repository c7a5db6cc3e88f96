import { useQuery } from "@tanstack/react-query";
import { projectsQuery } from "../../shared/api/queries";
import { messageOf } from "../../shared/api/request";
import { plural } from "../../shared/format/plural";
import { isText, useAddressState } from "../../shared/address-state";
import { hrefOf, navigate, useRoute } from "../../shared/route";
import { Empty } from "../../shared/parts/empty";
import { AddFolder } from "./add-folder";
import { ConfigPanel } from "./config-panel";
import { ProjectTree } from "./project-tree";
import { configAt, keyOf, type Chosen } from "./tree-items";
import styles from "./projects.module.css";

export default function ProjectsView() {
  const { data, error, isPending } = useQuery(projectsQuery);
  const projects = data?.projects;
  const { item, tab } = useRoute();
  const [text, setText] = useAddressState("projects", "", isText);
  const chosen = projects?.length ? configAt(projects, item, tab) : undefined;
  const choose = ({ project, config }: Chosen): void => navigate(hrefOf("projects", project.project_dir, config.name));
  return (
    <div className={styles["projects"]}>
      <section className="view" aria-label="All projects">
        <header className="view-head">
          <h1>Projects</h1>
          <span className="quiet">{projects?.length ? plural(projects.length, "project") : ""}</span>
          {projects && projects.length > 0 && <AddFolder name="Add a folder..." className="button button-small push" />}
        </header>
        {error && <p className="field-error">{messageOf(error)}</p>}
        {!isPending && !error && !projects?.length && <NoProjects />}
        {projects && projects.length > 0 && (
          <>
            <input
              type="search"
              className="input"
              aria-label="Filter"
              placeholder="Filter projects and configs"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
            <ProjectTree projects={projects} text={text} chosen={chosen} onChoose={choose} />
          </>
        )}
      </section>
      {chosen && <ConfigPanel key={keyOf(chosen.project, chosen.config)} {...chosen} onClose={() => navigate(hrefOf("projects"))} />}
    </div>
  );
}

function NoProjects() {
  return (
    <Empty title="No projects yet">
      <p>
        A project is a folder with a <code>meta.yaml</code>. Choose a folder that holds your Forgather projects: their configs
        are then listed here, and each opens a TensorBoard on its own output folder.
      </p>
      <AddFolder name="Add a folder with Forgather projects" className="button button-main" />
      <p>
        Folders for all users are in <code>search_roots</code> of the server&apos;s settings file.
      </p>
    </Empty>
  );
}
