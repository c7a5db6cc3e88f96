/* slow_file_system SOURCE MOUNTPOINT DELAYFILE: shows SOURCE, read-only; each call waits for the number of milliseconds
   in DELAYFILE, or, if that is -1, until the file changes. Runs in the foreground. The kernel caches nothing. */
#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *source, *delay_file;

static long delay(void)
{
    long milliseconds = 0;
    FILE *file = fopen(delay_file, "r");
    if (file) {
        if (fscanf(file, "%ld", &milliseconds) != 1)
            milliseconds = 0;
        fclose(file);
    }
    return milliseconds;
}

/* The path in SOURCE, after the delay. */
static const char *real(char *into, const char *path)
{
    long milliseconds;
    while ((milliseconds = delay()) < 0)
        usleep(10000);
    usleep(milliseconds * 1000);
    snprintf(into, PATH_MAX, "%s%s", source, path);
    return into;
}

static int get_attributes(const char *path, struct stat *facts, struct fuse_file_info *info)
{
    char there[PATH_MAX];
    (void)info;
    return lstat(real(there, path), facts) ? -errno : 0;
}

static int read_link(const char *path, char *into, size_t size)
{
    char there[PATH_MAX];
    ssize_t length = readlink(real(there, path), into, size - 1);
    if (length < 0)
        return -errno;
    into[length] = 0;
    return 0;
}

static int read_folder(const char *path, void *into, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *info,
                       enum fuse_readdir_flags flags)
{
    char there[PATH_MAX];
    struct dirent *entry;
    DIR *folder = opendir(real(there, path));
    (void)offset, (void)info, (void)flags;
    if (!folder)
        return -errno;
    while ((entry = readdir(folder))) {
        struct stat facts = {.st_ino = entry->d_ino, .st_mode = entry->d_type << 12};
        if (fill(into, entry->d_name, &facts, 0, 0))
            break;
    }
    closedir(folder);
    return 0;
}

static int open_file(const char *path, struct fuse_file_info *info)
{
    char there[PATH_MAX];
    int descriptor = open(real(there, path), O_RDONLY);
    if (descriptor < 0)
        return -errno;
    info->fh = descriptor;
    return 0;
}

static int read_file(const char *path, char *into, size_t size, off_t offset, struct fuse_file_info *info)
{
    char there[PATH_MAX];
    ssize_t count;
    real(there, path);
    count = pread(info->fh, into, size, offset);
    return count < 0 ? -errno : count;
}

static int release_file(const char *path, struct fuse_file_info *info)
{
    (void)path;
    return close(info->fh);
}

static int may_access(const char *path, int mode)
{
    char there[PATH_MAX];
    return access(real(there, path), mode) ? -errno : 0;
}

static void *start(struct fuse_conn_info *connection, struct fuse_config *config)
{
    (void)connection;
    config->attr_timeout = config->entry_timeout = config->negative_timeout = 0;
    return NULL;
}

static const struct fuse_operations operations = {
    .init = start, .getattr = get_attributes, .readlink = read_link, .readdir = read_folder, .open = open_file,
    .read = read_file, .release = release_file, .access = may_access,
};

int main(int count, char **words)
{
    char foreground[] = "-f";
    char *arguments[] = {words[0], foreground, words[2], NULL};
    if (count != 4)
        return 2;
    source = words[1];
    delay_file = words[3];
    return fuse_main(3, arguments, &operations, NULL);
}
