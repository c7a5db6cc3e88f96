import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { projectsQuery } from "../../shared/api/queries";
import { messageOf, request } from "../../shared/api/request";
import { PathPicker } from "../../shared/paths/path-picker";
import { showToast } from "../../shared/parts/toasts";

/** Chooses a folder below which the server searches for projects. */
export function AddFolder({ name, className }: { name: string; className: string }) {
  const [picking, setPicking] = useState(false);
  const client = useQueryClient();
  const add = useMutation({
    mutationFn: (path: string) => request<{ path: string }>("POST", "/api/search-roots", { path }),
    onSuccess: ({ path }) => showToast(`The server searches for projects in ${path}.`),
    onError: (error) => showToast(messageOf(error), "error"),
    onSettled: () => client.invalidateQueries({ queryKey: projectsQuery.queryKey }),
  });
  return (
    <>
      <button type="button" className={className} aria-haspopup="dialog" disabled={add.isPending} onClick={() => setPicking(true)}>
        {name}
      </button>
      {picking && (
        <PathPicker
          start={null}
          onClose={() => setPicking(false)}
          onChoose={(path) => {
            setPicking(false);
            add.mutate(path);
          }}
        />
      )}
    </>
  );
}
