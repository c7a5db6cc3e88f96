import icon from "./icon.svg";

export function Brand({ small }: { small?: boolean }) {
  return (
    <span className="brand">
      <img src={icon} alt="" width={small ? 20 : 28} height={small ? 20 : 28} />
      <span>Forgather</span>
    </span>
  );
}
