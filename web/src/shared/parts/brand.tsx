import icon from "./icon.svg";
import styles from "./brand.module.css";

export function Brand({ small, className = "" }: { small?: boolean; className?: string | undefined }) {
  return (
    <span className={`${styles["brand"]} ${className}`}>
      <img src={icon} alt="" width={small ? 20 : 28} height={small ? 20 : 28} />
      <span>Forgather</span>
    </span>
  );
}
